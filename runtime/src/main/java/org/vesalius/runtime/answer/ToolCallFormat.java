package org.vesalius.runtime.answer;

import java.util.List;

/** How a model writes calls of tools. */
public enum ToolCallFormat {
  /** It does not; nothing is looked for. */
  NONE,

  /**
   * Qwen, after Hermes: {@code <tool_call>\n{"name": …, "arguments": {…}}\n</tool_call>}, any
   * number of times.
   */
  HERMES,

  /**
   * Seed: {@code <seed:tool_call>\n<function=NAME>\n<parameter=KEY>VALUE</parameter>\n</function>
   * \n</seed:tool_call>}. Values have the type that the request's tool definition gives them;
   * without one they are strings.
   */
  SEED_XML,

  /**
   * Mistral: {@code [TOOL_CALLS][{"name": …, "arguments": {…}, "id": …}]}, and the newer {@code
   * [TOOL_CALLS]name[ARGS]{…}} with {@code [CALL_ID]id} before the arguments where a model writes
   * it.
   */
  MISTRAL,

  /**
   * Llama 3: {@code {"name": …, "parameters": {…}}} as the whole answer, several separated by
   * {@code ;}, where the request has tools; after {@code <|python_tag|>} also without, and {@code
   * name.call(key="value")} there for the tools that Meta built in.
   */
  LLAMA_JSON,

  /**
   * Gemma 3, which has no syntax of its own but those that its prompts ask for. Only where the
   * request has tools: Python calls in a {@code tool_code} fence, JSON objects with name and
   * parameters in a {@code json} fence or as the whole answer, {@code [name(key=value)]} as the
   * whole answer.
   */
  GEMMA;

  /** Marks that some tokenizers keep as special tokens. */
  public List<String> marks() {
    return switch (this) {
      case NONE, GEMMA -> List.of();
      case HERMES -> List.of("<tool_call>", "</tool_call>");
      case SEED_XML -> List.of("<seed:tool_call>", "</seed:tool_call>");
      case MISTRAL -> List.of("[TOOL_CALLS]", "[CALL_ID]", "[ARGS]");
      case LLAMA_JSON -> List.of("<|python_tag|>");
    };
  }
}
