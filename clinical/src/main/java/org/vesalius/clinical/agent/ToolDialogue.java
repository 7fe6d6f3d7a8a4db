package org.vesalius.clinical.agent;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.answer.ToolCall;
import org.vesalius.runtime.answer.ToolCallFormat;

/**
 * How tools, calls and results become messages. Where the chat template knows of them, it says so
 * itself; else they are described in the system's message, in the form that the family was taught
 * or can follow, and results come as the user's.
 */
sealed interface ToolDialogue {

  /** Definitions that go with the request, so that the template and the parser know them. */
  List<Map<String, Object>> definitions();

  /** The system's message. */
  Optional<String> system(Optional<String> given);

  /**
   * What the model said and called, and what came of it.
   *
   * @param firstImage index of the first picture among the results
   */
  List<ChatMessage> called(Generation answer, List<ToolOutcome> outcomes, int firstImage);

  /**
   * The dialogue of a model.
   *
   * @return empty where its family cannot call tools
   */
  static Optional<ToolDialogue> of(AgentModel model, List<Map<String, Object>> definitions) {
    if (definitions.isEmpty()) {
      return Optional.of(new Templated(List.of(), false));
    }
    if (model.callFormat() == ToolCallFormat.NONE) {
      return Optional.empty();
    }
    return Optional.of(
        model.describesTools()
            ? new Templated(definitions, model.callFormat() == ToolCallFormat.LLAMA_JSON)
            : new Written(definitions, model.callFormat()));
  }

  /**
   * By the model's own template.
   *
   * @param singly whether it wants each call in a message of its own
   */
  record Templated(List<Map<String, Object>> definitions, boolean singly) implements ToolDialogue {
    @Override
    public Optional<String> system(Optional<String> given) {
      return given;
    }

    @Override
    public List<ChatMessage> called(Generation answer, List<ToolOutcome> outcomes, int firstImage) {
      List<ChatMessage> messages = new ArrayList<>();
      List<List<ToolOutcome>> groups =
          singly ? outcomes.stream().map(List::of).toList() : List.of(outcomes);
      for (List<ToolOutcome> group : groups) {
        String text = messages.isEmpty() ? answer.text() : "";
        messages.add(assistant(text, group));
        group.forEach(outcome -> messages.add(result(outcome)));
      }
      List<Part> pictures = pictures(outcomes, firstImage);
      if (!pictures.isEmpty()) {
        messages.add(ChatMessage.user(pictures.toArray(Part[]::new)));
      }
      return messages;
    }

    private static ChatMessage assistant(String text, List<ToolOutcome> outcomes) {
      List<Map<String, Object>> calls =
          outcomes.stream()
              .filter(outcome -> !outcome.call().isMalformed())
              .map(Templated::call)
              .toList();
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      if (!calls.isEmpty()) {
        fields.put("tool_calls", calls);
      }
      return new ChatMessage("assistant", new ChatMessage.Content.Plain(text), fields);
    }

    private static Map<String, Object> call(ToolOutcome outcome) {
      Map<String, Object> function = new LinkedHashMap<>();
      function.put("name", outcome.call().name());
      function.put("arguments", outcome.call().arguments());
      Map<String, Object> call = new LinkedHashMap<>();
      call.put("id", outcome.id());
      call.put("type", "function");
      call.put("function", function);
      return call;
    }

    /** A malformed call stands in the text only, so that a template has nothing to pair it with. */
    private static ChatMessage result(ToolOutcome outcome) {
      if (outcome.call().isMalformed()) {
        return ChatMessage.user(outcome.text());
      }
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      fields.put("tool_call_id", outcome.id());
      fields.put("name", outcome.call().name());
      return new ChatMessage("tool", new ChatMessage.Content.Plain(outcome.text()), fields);
    }
  }

  /** In words, after the protocol of Qwen's agents where the family has that. */
  record Written(List<Map<String, Object>> definitions, ToolCallFormat format)
      implements ToolDialogue {
    @Override
    public Optional<String> system(Optional<String> given) {
      String tools = definitions.stream().map(ToolJson::write).collect(Collectors.joining("\n"));
      String described =
          """
          # Tools
          You may call one or more of these functions; none has to be called.
          <tools>
          %s
          </tools>
          %s\
          """
              .formatted(tools, howToCall());
      return Optional.of(given.map(text -> text + "\n\n" + described).orElse(described));
    }

    private String howToCall() {
      return switch (format) {
        case SEED_XML ->
            """
            To call one, write:
            <seed:tool_call>
            <function=NAME>
            <parameter=KEY>VALUE</parameter>
            </function>
            </seed:tool_call>\
            """;
        case GEMMA ->
            """
            To call one, write nothing but:
            ```json
            {"name": NAME, "parameters": {KEY: VALUE}}
            ```\
            """;
        case LLAMA_JSON ->
            """
            To call one, write nothing but: {"name": NAME, "parameters": {KEY: VALUE}}\
            """;
        case MISTRAL ->
            """
            To call one, write: [TOOL_CALLS][{"name": NAME, "arguments": {KEY: VALUE}}]\
            """;
        case HERMES, NONE ->
            """
            To call one, write a JSON object with its name and its arguments:
            <tool_call>
            {"name": NAME, "arguments": {KEY: VALUE}}
            </tool_call>\
            """;
      };
    }

    @Override
    public List<ChatMessage> called(Generation answer, List<ToolOutcome> outcomes, int firstImage) {
      String calls =
          outcomes.stream()
              .map(ToolOutcome::call)
              .filter(call -> !call.isMalformed())
              .map(ToolCall::raw)
              .collect(Collectors.joining("\n"));
      String said = answer.text().isBlank() ? calls : answer.text() + "\n" + calls;
      String results =
          outcomes.stream()
              .map(outcome -> "<tool_response>\n" + outcome.text() + "\n</tool_response>")
              .collect(Collectors.joining("\n"));
      // One message, since many templates want user and assistant to take turns.
      List<Part> told = new ArrayList<>(List.of(Part.text(results)));
      told.addAll(pictures(outcomes, firstImage));
      return List.of(ChatMessage.assistant(said), ChatMessage.user(told.toArray(Part[]::new)));
    }
  }

  /** The pictures of results with their indices, to be looked at next. */
  private static List<Part> pictures(List<ToolOutcome> outcomes, int firstIndex) {
    List<Part> parts = new ArrayList<>();
    int index = firstIndex;
    for (ToolOutcome outcome : outcomes) {
      for (AgentImage image : outcome.images()) {
        parts.add(Part.text("Image " + index++ + " (" + image.origin() + "):"));
        parts.add(image.part());
      }
    }
    return parts;
  }
}
