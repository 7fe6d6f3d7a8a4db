package org.vesalius.runtime.prompt;

import java.util.List;
import java.util.Map;
import org.vesalius.runtime.prompt.jinja.TemplateException;

/**
 * What a chat template knows of tools. Found out by rendering a short conversation, not by names of
 * families, since fine-tunes change their templates.
 */
public final class ToolTemplate {
  private static final String NAME = "lookup_marker";
  private static final String VALUE = "argument marker";
  private static final String RESULT = "result marker";

  private ToolTemplate() {}

  /** Whether it writes the definitions of tools, calls of them and their results. */
  public static boolean describesTools(ChatTemplate template, boolean withImages) {
    Map<String, Object> function =
        Map.of(
            "name",
            NAME,
            "description",
            "?",
            "parameters",
            Map.of("type", "object", "properties", Map.of()));
    // Mistral's templates want ids of nine letters.
    String id = "marker123";
    Map<String, Object> call =
        Map.of(
            "id",
            id,
            "type",
            "function",
            "function",
            Map.of("name", "called_marker", "arguments", Map.of("key", VALUE)));
    List<Map<String, Object>> messages =
        List.of(
            Map.of(
                "role",
                "user",
                "content",
                withImages ? List.of(Map.of("type", "text", "text", "?")) : "?"),
            Map.of("role", "assistant", "content", "", "tool_calls", List.of(call)),
            Map.of("role", "tool", "content", RESULT, "tool_call_id", id, "name", "called_marker"));
    try {
      String text =
          template
              .render(
                  messages,
                  List.of(Map.of("type", "function", "function", function)),
                  Map.of(),
                  true,
                  List.of())
              .text();
      return text.contains(NAME)
          && text.contains("called_marker")
          && text.contains(VALUE)
          && text.contains(RESULT);
    } catch (TemplateException _) {
      return false;
    }
  }
}
