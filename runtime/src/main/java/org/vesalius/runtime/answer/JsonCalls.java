package org.vesalius.runtime.answer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Calls in JSON that no mark tells from other JSON. */
final class JsonCalls {
  private JsonCalls() {}

  /**
   * The calls in objects that follow each other or stand in an array; none if the first object is
   * proper JSON and no call, for then the text is an ordinary answer.
   */
  static List<ToolCall> unmarked(String text, char separator, List<String> keys) {
    String content = text.strip();
    boolean array = content.startsWith("[");
    int begin = content.indexOf('{');
    if (begin < 0) {
      return List.of();
    }
    int end = CallJson.end(content, begin);
    if (end > 0
        && CallJson.parse(content.substring(begin, end))
            instanceof CallJson.Parsed.Value(JsonNode node)
        && !isCall(node, keys)) {
      return List.of();
    }
    if (!array) {
      return CallJson.sequence(content, separator, keys);
    }
    boolean closed = CallJson.end(content, 0) == content.length();
    return CallJson.sequence(
        content.substring(1, closed ? content.length() - 1 : content.length()), ',', keys);
  }

  private static boolean isCall(JsonNode node, List<String> keys) {
    return node.path("name").isTextual() && keys.stream().anyMatch(node::has);
  }
}
