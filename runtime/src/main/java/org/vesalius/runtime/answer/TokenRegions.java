package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vesalius.runtime.answer.WrittenRegion.Kind;

/**
 * Qwen2-VL's marks. A label belongs to the boxes that follow it with nothing but white space and
 * other boxes between.
 */
final class TokenRegions {
  private static final String REF = "<|object_ref_start|>";
  private static final String REF_END = "<|object_ref_end|>";
  private static final String BOX = "<|box_start|>";
  private static final String BOX_END = "<|box_end|>";
  private static final String QUAD = "<|quad_start|>";
  private static final String QUAD_END = "<|quad_end|>";
  private static final Pattern MARK = Pattern.compile("<\\|(object_ref|box|quad)_start\\|>");
  private static final Pattern PAIR = Pattern.compile("\\s*\\(([^()]{1,120})\\)\\s*,?");
  private static final int LONGEST = 2000;

  private TokenRegions() {}

  static void find(String text, WrittenRegion.Sink sink) {
    Matcher mark = MARK.matcher(text);
    String label = "";
    int labelStart = -1;
    int labelEnd = -1;
    for (int at = 0; mark.find(at); ) {
      int open = mark.start();
      String opening = mark.group();
      String closing = closing(opening);
      int close = nextMark(text, mark.end());
      if (close < 0 || !text.startsWith(closing, close)) {
        at = close < 0 ? text.length() : close;
        if (!opening.equals(REF)) {
          sink.invalid(open, at, opening + " is not closed");
        }
        continue;
      }
      String content = text.substring(mark.end(), close);
      at = close + closing.length();
      if (opening.equals(REF)) {
        label = content.strip();
        labelStart = open;
        labelEnd = at;
        continue;
      }
      boolean labelled = labelEnd >= 0 && text.substring(labelEnd, open).isBlank();
      int start = labelled && labelStart >= 0 ? labelStart : open;
      report(labelled ? label : "", content, opening, start, at, sink);
      labelStart = -1;
      labelEnd = labelled ? at : -1;
    }
  }

  private static String closing(String opening) {
    return switch (opening) {
      case REF -> REF_END;
      case BOX -> BOX_END;
      default -> QUAD_END;
    };
  }

  private static int nextMark(String text, int from) {
    return text.indexOf("<|", from);
  }

  private static void report(
      String label, String content, String opening, int start, int end, WrittenRegion.Sink sink) {
    try {
      List<Double> numbers = numbers(content);
      Kind kind = opening.equals(QUAD) ? Kind.POLYGON : numbers.size() == 2 ? Kind.POINT : Kind.BOX;
      sink.found(new WrittenRegion(kind, label, numbers, false, OptionalInt.empty(), start, end));
    } catch (Malformed e) {
      sink.invalid(start, end, String.valueOf(e.getMessage()));
    }
  }

  private static List<Double> numbers(String content) {
    List<Double> numbers = new ArrayList<>();
    if (content.length() > LONGEST) {
      throw new Malformed("longer than " + LONGEST + " characters");
    }
    Matcher pair = PAIR.matcher(content);
    int at = 0;
    while (pair.find() && pair.start() == at) {
      numbers.addAll(Numbers.of(String.valueOf(pair.group(1))));
      at = pair.end();
    }
    if (!content.substring(at).isBlank() || numbers.isEmpty()) {
      throw new Malformed("expected (x,y),(x,y), found \"" + CallJson.brief(content) + "\"");
    }
    return numbers;
  }
}
