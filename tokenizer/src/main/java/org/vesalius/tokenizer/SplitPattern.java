package org.vesalius.tokenizer;

import java.util.function.IntPredicate;

/** What a Split pre-tokenizer looks for. Immutable. */
sealed interface SplitPattern
    permits SplitPattern.Literal, SplitPattern.OneOf, RegexPattern, WordScanner {
  /**
   * Gives every match inside {@code text[start, end)} to {@code sink}, from left to right, without
   * overlap. Text outside the range is invisible to the pattern.
   */
  void forEachMatch(char[] text, int start, int end, PieceSink sink);

  /** A fixed, non-empty string. */
  record Literal(String content) implements SplitPattern {
    @Override
    public void forEachMatch(char[] text, int start, int end, PieceSink sink) {
      int length = content.length();
      for (int i = start; i + length <= end; ) {
        int k = 0;
        while (k < length && text[i + k] == content.charAt(k)) {
          k++;
        }
        if (k == length) {
          sink.accept(text, i, i + length);
          i += length;
        } else {
          i++;
        }
      }
    }
  }

  /**
   * Single code points of a kind.
   *
   * @param member which code points
   */
  record OneOf(IntPredicate member) implements SplitPattern {
    @Override
    public void forEachMatch(char[] text, int start, int end, PieceSink sink) {
      for (int i = start; i < end; ) {
        int codePoint = Character.codePointAt(text, i, end);
        int next = i + Character.charCount(codePoint);
        if (member.test(codePoint)) {
          sink.accept(text, i, next);
        }
        i = next;
      }
    }
  }
}
