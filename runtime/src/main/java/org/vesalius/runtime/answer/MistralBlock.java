package org.vesalius.runtime.answer;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Mistral's calls: a JSON array, or a name and a JSON object. */
final class MistralBlock implements CallBlock {
  static final String OPEN = "[TOOL_CALLS]";
  private static final Pattern HEAD =
      Pattern.compile(
          "\\s*(?<name>[\\w.-]{1,200})(\\[CALL_ID\\](?<id>[\\w-]{1,200}))?(\\[ARGS\\])?\\s*");
  private static final int LONGEST_HEAD = 500;
  private static final List<String> KEYS = List.of("arguments");

  private final JsonDepth json = new JsonDepth();
  private int at = OPEN.length();
  private boolean inJson;
  private boolean named;

  @Override
  public int end(TextBuffer text) {
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      if (inJson && !json.inString() && text.mayBecome(OPEN, at)) {
        return MORE;
      }
      if (inJson && !json.inString() && text.startsWith(OPEN, at)) {
        return at;
      }
      if (!inJson) {
        if (c == '{' || (c == '[' && !named)) {
          inJson = true;
        } else if (!Character.isWhitespace(c)) {
          named = true;
          if (!mayNameCall(c) || at > LONGEST_HEAD) {
            return at;
          }
        } else if (named && text.charAt(at - 1) != ']') {
          return at;
        }
      }
      if (inJson) {
        json.accept(c);
        if (json.depth() <= 0) {
          return at + 1;
        }
      }
    }
    return MORE;
  }

  private static boolean mayNameCall(char c) {
    return Character.isLetterOrDigit(c) || "_.-[]".indexOf(c) >= 0;
  }

  @Override
  public List<ToolCall> calls(String raw, boolean ended) {
    String body = raw.substring(OPEN.length());
    String content = body.strip();
    if (content.startsWith("[")) {
      return array(content);
    }
    int brace = body.indexOf('{');
    if (brace < 0) {
      String problem =
          ended
              ? "expected a JSON array or name[ARGS]{...}, found \"" + CallJson.brief(body) + "\""
              : "incomplete: the answer ends before the arguments";
      return List.of(ToolCall.malformed("", raw, problem));
    }
    String object = body.substring(brace).strip();
    int end = CallJson.end(object, 0);
    if (end < 0) {
      return List.of(ToolCall.malformed("", raw, "incomplete: the JSON does not end"));
    }
    if (content.startsWith("{")) {
      return List.of(CallJson.call(object, KEYS, raw));
    }
    Matcher head = HEAD.matcher(body.substring(0, brace));
    if (!head.matches()) {
      return List.of(
          ToolCall.malformed(
              "", raw, "expected name[ARGS], found \"" + CallJson.brief(head.toString()) + "\""));
    }
    return List.of(named(head, object, raw));
  }

  private static ToolCall named(Matcher head, String object, String raw) {
    String name = String.valueOf(head.group("name"));
    return switch (CallJson.parse(object)) {
      case CallJson.Parsed.Wrong(String reason) -> ToolCall.malformed(name, raw, reason);
      case CallJson.Parsed.Value(var node) ->
          new ToolCall(
              Optional.ofNullable(head.group("id")),
              name,
              CallJson.map(node),
              raw,
              Optional.empty());
    };
  }

  private static List<ToolCall> array(String content) {
    boolean closed = CallJson.end(content, 0) == content.length();
    String inner = content.substring(1, closed ? content.length() - 1 : content.length());
    List<ToolCall> calls = CallJson.sequence(inner, ',', KEYS);
    if (calls.isEmpty()) {
      String problem = closed ? "an empty list of calls" : "incomplete: the list does not end";
      return List.of(ToolCall.malformed("", OPEN + content, problem));
    }
    return calls;
  }
}
