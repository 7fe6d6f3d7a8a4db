package org.vesalius.runtime.answer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * MedMO's boxes. The label is what stands before them on the same line, list marks and a colon left
 * out.
 */
final class LabelledRegions {
  private static final String OPEN = "<box>";
  private static final String CLOSE = "</box>";
  private static final Pattern LIST_MARK = Pattern.compile("^(?:[-*•,;.:]|\\d{1,4}[.)])\\s*");
  private static final int LONGEST_LABEL = 500;

  private LabelledRegions() {}

  static void find(String text, WrittenRegion.Sink sink) {
    int from = 0;
    for (int open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, from)) {
      int begin = open + OPEN.length();
      int next = text.indexOf('<', begin);
      String label = label(text, from, open);
      if (next < 0 || !text.startsWith(CLOSE, next)) {
        from = next < 0 ? text.length() : next;
        sink.invalid(open, from, OPEN + " is not closed");
        continue;
      }
      from = next + CLOSE.length();
      report(label, text.substring(begin, next), open, from, sink);
    }
  }

  private static void report(
      String label, String content, int start, int end, WrittenRegion.Sink sink) {
    switch (CallJson.parse(content)) {
      case CallJson.Parsed.Wrong(String reason) -> sink.invalid(start, end, reason);
      case CallJson.Parsed.Value(JsonNode node) -> {
        for (JsonNode group : Numbers.groups(node)) {
          box(label, group, start, end, sink);
        }
      }
    }
  }

  private static void box(
      String label, JsonNode group, int start, int end, WrittenRegion.Sink sink) {
    try {
      List<Double> numbers = Numbers.of(group);
      sink.found(
          new WrittenRegion(
              WrittenRegion.Kind.BOX, label, numbers, false, OptionalInt.empty(), start, end));
    } catch (Malformed e) {
      sink.invalid(start, end, String.valueOf(e.getMessage()));
    }
  }

  private static String label(String text, int from, int open) {
    String before = text.substring(Math.max(from, open - LONGEST_LABEL), open);
    String line = before.substring(before.lastIndexOf('\n') + 1).strip();
    String label = LIST_MARK.matcher(line).replaceFirst("").strip();
    return label.endsWith(":") ? label.substring(0, label.length() - 1).strip() : label;
  }
}
