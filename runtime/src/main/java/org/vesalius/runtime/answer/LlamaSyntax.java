package org.vesalius.runtime.answer;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Llama 3's calls.
 *
 * @param hasTools whether a JSON answer may be a call
 */
record LlamaSyntax(boolean hasTools) implements CallSyntax {
  private static final String TAG = "<|python_tag|>";
  private static final List<String> KEYS = List.of("parameters", "arguments");
  private static final Pattern ANYTHING = Pattern.compile("");
  private static final Pattern OBJECT =
      Pattern.compile("\\s*\\{\\s*\"(name|type|function|parameters|arguments)\"\\s*:");

  @Override
  public List<String> marks() {
    return List.of(TAG);
  }

  @Override
  public CallBlock open(String mark) {
    return new WholeAnswerBlock(ANYTHING, LlamaSyntax::tagged);
  }

  @Override
  public @Nullable CallBlock openAnswer(char first) {
    return hasTools && first == '{'
        ? new WholeAnswerBlock(OBJECT, text -> JsonCalls.unmarked(text, ';', KEYS))
        : null;
  }

  private static List<ToolCall> tagged(String raw) {
    String body = raw.substring(TAG.length()).strip();
    List<ToolCall> calls =
        body.startsWith("{") ? CallJson.sequence(body, ';', KEYS) : PythonReader.calls(body);
    return calls.isEmpty()
        ? List.of(ToolCall.malformed("", raw, "incomplete: nothing follows " + TAG))
        : calls;
  }
}
