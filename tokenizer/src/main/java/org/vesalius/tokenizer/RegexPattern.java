package org.vesalius.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A regular expression of tokenizer.json, translated by {@link OnigurumaRegex}.
 *
 * @param pattern the translation
 */
record RegexPattern(Pattern pattern) implements SplitPattern {
  @Override
  public void forEachMatch(char[] text, int start, int end, PieceSink sink) {
    Matcher matcher = pattern.matcher(new CharRange(text, start, end));
    int previous = -1;
    while (matcher.find()) {
      int from = start + matcher.start();
      int to = start + matcher.end();
      if (from < to || (from != previous && !insidePair(text, from, start, end))) {
        sink.accept(text, from, to);
      }
      previous = to;
    }
  }

  /**
   * Java finds empty matches inside a surrogate pair as well, the reference between characters
   * only.
   */
  private static boolean insidePair(char[] text, int at, int start, int end) {
    return at > start
        && at < end
        && Character.isHighSurrogate(text[at - 1])
        && Character.isLowSurrogate(text[at]);
  }

  /** Part of a char array as a char sequence, without a copy. */
  private static final class CharRange implements CharSequence {
    private final char[] text;
    private final int start;
    private final int end;

    CharRange(char[] text, int start, int end) {
      this.text = text;
      this.start = start;
      this.end = end;
    }

    @Override
    public int length() {
      return end - start;
    }

    @Override
    public char charAt(int index) {
      return text[start + index];
    }

    @Override
    public CharSequence subSequence(int from, int to) {
      return new CharRange(text, start + from, start + to);
    }

    @Override
    public String toString() {
      return new String(text, start, end - start);
    }
  }
}
