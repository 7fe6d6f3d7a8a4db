package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.ToolChoice;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.answer.ToolCallFormat;
import org.vesalius.runtime.structured.Expression.Choice;

/** Answers of a family of models: text or a format, and calls of tools in the family's syntax. */
final class AnswerGrammar {
  private final AnswerFormat answers;
  private final FreeText text;
  private final TokenVocabulary vocabulary;

  AnswerGrammar(AnswerFormat answers, TokenVocabulary vocabulary) {
    this.answers = answers;
    this.vocabulary = vocabulary;
    text = new FreeText(vocabulary);
  }

  Expression answer(
      ResponseFormat format, List<Map<String, Object>> definitions, ToolChoice choice) {
    List<ToolDefinition> tools = ToolDefinition.of(definitions);
    boolean isText = format instanceof ResponseFormat.Text;
    CallGrammar calls = calls(tools);
    return switch (choice) {
      case ToolChoice.Auto() when tools.isEmpty() ->
          isText ? text.anything() : FormatGrammar.of(format, calls.openings());
      case ToolChoice.Auto() when answers.toolCalls() == ToolCallFormat.NONE ->
          isText ? text.anything() : FormatGrammar.of(format, List.of());
      case ToolChoice.Auto() ->
          isText
              ? calls.mixed(tools)
              : new Choice(List.of(FormatGrammar.of(format, calls.openings()), calls.only(tools)));
      case ToolChoice.None() -> isText ? calls.none() : FormatGrammar.of(format, calls.openings());
      case ToolChoice.Required() -> {
        requireTools(tools, "tool_choice required");
        yield calls.only(tools);
      }
      case ToolChoice.Named(String name) -> {
        requireTools(tools, "tool_choice \"" + name + "\"");
        yield calls.one(named(tools, name));
      }
    };
  }

  private void requireTools(List<ToolDefinition> tools, String asked) {
    if (answers.toolCalls() == ToolCallFormat.NONE) {
      throw new UnsupportedFormatException(
          asked + ": expected a model that calls tools; models of this family have no way to");
    }
    if (tools.isEmpty()) {
      throw new UnsupportedFormatException(asked + ": expected tools in the request, found none");
    }
  }

  private static ToolDefinition named(List<ToolDefinition> tools, String name) {
    List<String> names = new ArrayList<>();
    for (ToolDefinition tool : tools) {
      if (tool.name().equals(name)) {
        return tool;
      }
      names.add(tool.name());
    }
    throw new UnsupportedFormatException(
        "tool_choice: expected the name of a tool of the request, one of "
            + names
            + ", found \""
            + name
            + "\"");
  }

  private CallGrammar calls(List<ToolDefinition> tools) {
    List<String> thoughts = answers.reasoning().stream().map(ReasoningFormat::open).toList();
    return switch (answers.toolCalls()) {
      case NONE -> new UnmarkedCalls(text, thoughts, List.of(), List.of(), "", "");
      case HERMES ->
          new MarkedCalls(
              text,
              thoughts,
              "<tool_call>",
              tool ->
                  Expression.sequence(
                      text.mark("<tool_call>"),
                      MarkedCalls.LINE,
                      CallGrammar.object(tool, "arguments"),
                      MarkedCalls.LINE,
                      text.mark("</tool_call>")));
      case SEED_XML ->
          new MarkedCalls(
              text, thoughts, "<seed:tool_call>", tool -> new SeedCall(text).call(tool));
      case MISTRAL -> new MistralCalls(text, thoughts, vocabulary);
      case LLAMA_JSON ->
          new UnmarkedCalls(
              text,
              thoughts,
              List.of("<|python_tag|>"),
              tools.isEmpty()
                  ? List.of()
                  : List.of("name", "type", "function", "parameters", "arguments"),
              "",
              ";");
      case GEMMA ->
          new UnmarkedCalls(
              text,
              thoughts,
              tools.isEmpty() ? List.of() : List.of("```tool_code"),
              tools.isEmpty() ? List.of() : List.of("name", "parameters", "arguments", "args"),
              "```json",
              ",");
    };
  }
}
