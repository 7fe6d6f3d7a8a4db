package org.vesalius.clinical.report;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Text of a model or of a document as one line that people read: nothing in it can start a new
 * line, turn the direction of writing, or speak to a terminal. Only {@link ReportJson} keeps such
 * characters.
 */
public final class PlainText {
  private static final Set<UnicodeScript> WIDE_SCRIPTS =
      EnumSet.of(
          UnicodeScript.HAN,
          UnicodeScript.HIRAGANA,
          UnicodeScript.KATAKANA,
          UnicodeScript.BOPOMOFO,
          UnicodeScript.HANGUL);

  private PlainText() {}

  /** White space and control characters become spaces, what hides or turns text U+FFFD. */
  public static String line(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (Character.isWhitespace(c) || Character.isSpaceChar(c) || isControl(c)) {
            boolean again = !line.isEmpty() && line.charAt(line.length() - 1) == ' ';
            line.append(again ? "" : " ");
          } else {
            line.appendCodePoint(isHidden(c) ? 0xfffd : c);
          }
        });
    return line.toString().strip();
  }

  private static boolean isControl(int c) {
    return Character.getType(c) == Character.CONTROL;
  }

  /** Halves of pairs, non-characters, and marks that turn the direction of the text. */
  private static boolean isHidden(int c) {
    boolean turns = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    boolean none = (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
    return turns || none || Character.getType(c) == Character.SURROGATE;
  }

  /**
   * The line shortened to a number of UTF-16 units, with an ellipsis where something is missing.
   */
  public static String shortened(String text, int length) {
    String line = line(text);
    if (line.length() <= length) {
      return line;
    }
    int end = length - 1;
    return line.substring(0, Character.isHighSurrogate(line.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  /**
   * The line broken at spaces and between letters of scripts that write none.
   *
   * @param columns of a line at most; a letter of such a script takes two
   */
  static List<String> wrapped(String text, int columns) {
    List<String> lines = new ArrayList<>();
    String rest = line(text);
    while (!rest.isEmpty()) {
      int end = lineEnd(rest, columns);
      lines.add(rest.substring(0, end).strip());
      rest = rest.substring(end).strip();
    }
    return lines;
  }

  private static int lineEnd(String text, int columns) {
    int width = 0;
    int lastBreak = 0;
    boolean wideBefore = false;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      boolean wide = isWide(c);
      if (at > 0 && (c == ' ' || (wideBefore && Character.isLetter(c)))) {
        lastBreak = at;
      }
      width += wide ? 2 : 1;
      if (width > columns) {
        return lastBreak > 0 ? lastBreak : Math.max(at, Character.charCount(c));
      }
      wideBefore = wide;
      at += Character.charCount(c);
    }
    return text.length();
  }

  /** Letters and punctuation that take two columns of a fixed-width font. */
  private static boolean isWide(int c) {
    boolean form = (c >= 0x3000 && c <= 0x303f) || (c >= 0xff01 && c <= 0xff60);
    return form || WIDE_SCRIPTS.contains(UnicodeScript.of(c));
  }
}
