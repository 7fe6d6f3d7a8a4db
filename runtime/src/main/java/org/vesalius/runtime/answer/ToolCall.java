package org.vesalius.runtime.answer;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call of a tool that a model has written.
 *
 * @param id what the model calls it, if it does
 * @param name of the tool; empty where a malformed call does not tell
 * @param arguments as parsed JSON: strings, numbers, booleans, null, lists and maps; empty for a
 *     malformed call
 * @param raw the text as the model wrote it, marks included
 * @param problem why the text is no call, or empty for a proper one. Such a text is never repaired:
 *     it stays in the answer as well
 */
public record ToolCall(
    Optional<String> id,
    String name,
    Map<String, @Nullable Object> arguments,
    String raw,
    Optional<String> problem) {

  /** Makes the arguments unmodifiable. */
  public ToolCall {
    arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
  }

  static ToolCall proper(String name, Map<String, @Nullable Object> arguments, String raw) {
    return new ToolCall(Optional.empty(), name, arguments, raw, Optional.empty());
  }

  static ToolCall malformed(String name, String raw, String problem) {
    return new ToolCall(Optional.empty(), name, Map.of(), raw, Optional.of(problem));
  }

  ToolCall withRaw(String text) {
    return new ToolCall(id, name, arguments, text, problem);
  }

  /** Whether it is malformed or incomplete. */
  public boolean isMalformed() {
    return problem.isPresent();
  }

  /** The arguments as the text of a JSON object. */
  public String argumentsJson() {
    return CallJson.write(arguments);
  }
}
