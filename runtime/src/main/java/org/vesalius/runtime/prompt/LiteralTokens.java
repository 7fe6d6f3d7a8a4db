package org.vesalius.runtime.prompt;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.vesalius.runtime.prompt.jinja.Text;

/**
 * Finds what looks like a control token in a rendered prompt but did not come from the template.
 */
final class LiteralTokens {
  /** Origin of text that a model wrote: it may hold tokens that are not special. */
  static final int ASSISTANT = 1;

  /** Origin of all other text from outside: it may hold no control token. */
  static final int OUTSIDE = 2;

  private final Map<String, Boolean> specialByContent = new HashMap<>();
  private final TreeSet<Integer> lengths = new TreeSet<>();
  private final BitSet firstUnits = new BitSet();

  LiteralTokens(List<ControlToken> tokens) {
    for (ControlToken token : tokens) {
      String content = token.content();
      // Some vocabularies list runs of newlines or spaces as added tokens. They control nothing,
      // and ordinary text must keep them.
      if (!content.isBlank()) {
        specialByContent.merge(content, token.special(), Boolean::logicalOr);
        lengths.add(content.length());
        firstUnits.set(content.charAt(0));
      }
    }
  }

  List<TextRange> find(Text prompt) {
    List<TextRange> ranges = new ArrayList<>();
    String text = prompt.value();
    for (int start = 0; start < text.length(); start++) {
      if (!firstUnits.get(text.charAt(start))) {
        continue;
      }
      for (int length : lengths) {
        int end = start + length;
        if (end > text.length()) {
          break;
        }
        Boolean special = specialByContent.get(text.substring(start, end));
        if (special != null && touches(prompt, start, end, special)) {
          add(ranges, start, end);
        }
      }
    }
    return ranges;
  }

  private static boolean touches(Text prompt, int start, int end, boolean special) {
    for (int i = start; i < end; i++) {
      int origin = prompt.originAt(i);
      if (origin == OUTSIDE || (origin == ASSISTANT && special)) {
        return true;
      }
    }
    return false;
  }

  private static void add(List<TextRange> ranges, int start, int end) {
    if (!ranges.isEmpty() && ranges.getLast().end() >= start) {
      TextRange last = ranges.removeLast();
      ranges.add(new TextRange(last.start(), Math.max(last.end(), end)));
    } else {
      ranges.add(new TextRange(start, end));
    }
  }
}
