package org.vesalius.clinical.knowledge;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts a text into passages: paragraphs together up to a length, long ones apart at sentences. */
final class Passages {
  /** Characters that a passage aims at. */
  static final int LENGTH = 1_000;

  private static final Pattern PARAGRAPH_END = Pattern.compile("\\n[ \\t]*+\\n\\s*+");
  private static final Pattern SENTENCE_END = Pattern.compile("[.!?]\\s|[。！？]|\\n");

  /** A span of the text; {@code end} is exclusive. */
  record Span(int start, int end) {}

  private Passages() {}

  /** Spans in order, without white space at their ends; none overlap. */
  static List<Span> of(String text) {
    List<Span> spans = new ArrayList<>();
    int start = 0;
    int end = 0;
    Matcher ends = PARAGRAPH_END.matcher(text);
    while (end < text.length()) {
      int next = ends.find() ? ends.end() : text.length();
      if (next - start > LENGTH && end > start) {
        add(spans, text, start, end);
        start = end;
      }
      end = next;
      while (end - start > LENGTH) {
        int cut = cut(text, start);
        add(spans, text, start, cut);
        start = cut;
      }
    }
    add(spans, text, start, end);
    return spans;
  }

  /** The last end of a sentence, or of a word, within a passage's length. */
  private static int cut(String text, int start) {
    int most = Texts.boundary(text, start + LENGTH);
    int best = -1;
    Matcher sentences = SENTENCE_END.matcher(text).region(start + LENGTH / 2, most);
    while (sentences.find()) {
      best = sentences.end();
    }
    for (int i = most; best < 0 && i > start + LENGTH / 2; i--) {
      best = Character.isWhitespace(text.charAt(i - 1)) ? i : -1;
    }
    return best < 0 ? most : best;
  }

  private static void add(List<Span> spans, String text, int start, int end) {
    int from = start;
    int to = end;
    while (from < to && Character.isWhitespace(text.charAt(from))) {
      from++;
    }
    while (from < to && Character.isWhitespace(text.charAt(to - 1))) {
      to--;
    }
    if (from < to) {
      spans.add(new Span(from, to));
    }
  }
}
