package org.vesalius.runtime.answer;

import java.util.List;

/** One call as {@code <tool_call>{"name": …, "arguments": {…}}</tool_call>}. */
final class HermesBlock implements CallBlock {
  static final String OPEN = "<tool_call>";
  private static final String CLOSE = "</tool_call>";

  private final JsonDepth json = new JsonDepth();
  private int at = OPEN.length();

  /** A closing mark inside a JSON string is part of the string. */
  @Override
  public int end(TextBuffer text) {
    for (; at < text.length(); at++) {
      if (!json.inString()) {
        if (text.startsWith(CLOSE, at)) {
          return at + CLOSE.length();
        }
        if (text.mayBecome(CLOSE, at)) {
          return MORE;
        }
      }
      json.accept(text.charAt(at));
    }
    return MORE;
  }

  @Override
  public List<ToolCall> calls(String raw, boolean ended) {
    if (!ended) {
      return List.of(ToolCall.malformed("", raw, "incomplete: the answer ends before " + CLOSE));
    }
    String json = raw.substring(OPEN.length(), raw.length() - CLOSE.length());
    return List.of(CallJson.call(json, List.of("arguments"), raw));
  }
}
