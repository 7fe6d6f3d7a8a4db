package org.vesalius.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/**
 * Properties of code points as the reference tokenizer sees them: Unicode 16.0, whatever version
 * the running JDK has.
 *
 * <p>JDK 25 has Unicode 16.0 as well. A later JDK knows more letters, digits and marks; those are
 * masked here, so that a new Java does not change the ids of a text.
 */
final class CodePoints {
  /** Neither letter, number nor white space: punctuation, marks, symbols, controls, unassigned. */
  static final byte OTHER = 0;

  /** General category L. */
  static final byte LETTER = 1;

  /** General category N. */
  static final byte NUMBER = 2;

  /** White_Space other than carriage return and line feed. */
  static final byte SPACE = 3;

  /** Carriage return or line feed. */
  static final byte NEWLINE = 4;

  private static final BitSet UNASSIGNED = readUnassigned();

  /** Kinds of the Basic Multilingual Plane, one load per character in the scanners. */
  private static final byte[] BMP = new byte[0x10000];

  static {
    for (int c = 0; c < BMP.length; c++) {
      BMP[c] = computeKind(c);
    }
  }

  private CodePoints() {}

  static byte kind(int codePoint) {
    return codePoint < 0x10000 ? BMP[codePoint] : computeKind(codePoint);
  }

  /** The kind of a char that is no surrogate; half a pair is {@link #OTHER}. */
  static byte kind(char c) {
    return BMP[c];
  }

  /** Whether Unicode 16.0 leaves the code point without a character. */
  static boolean unassigned(int codePoint) {
    return UNASSIGNED.get(codePoint);
  }

  /** White_Space, which is also what the reference's {@code \s} is. */
  static boolean isSpace(int codePoint) {
    return kind(codePoint) >= SPACE;
  }

  /**
   * A word character of Unicode's regular expression annex, as the reference uses it for {@code
   * single_word}.
   */
  static boolean isWord(int codePoint) {
    if (unassigned(codePoint)) {
      return false;
    }
    return Character.isAlphabetic(codePoint)
        || codePoint == 0x200C
        || codePoint == 0x200D
        || switch (Character.getType(codePoint)) {
          case Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.DECIMAL_DIGIT_NUMBER,
              Character.CONNECTOR_PUNCTUATION ->
              true;
          default -> false;
        };
  }

  private static byte computeKind(int codePoint) {
    if (codePoint == '\n' || codePoint == '\r') {
      return NEWLINE;
    }
    if ((codePoint >= '\t' && codePoint <= ' ' && (codePoint <= '\r' || codePoint == ' '))
        || codePoint == 0x85) {
      return SPACE;
    }
    if (UNASSIGNED.get(codePoint)) {
      return OTHER;
    }
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      default -> OTHER;
    };
  }

  private static BitSet readUnassigned() {
    String name = "unassigned-unicode-16.txt";
    BitSet set = new BitSet(Character.MAX_CODE_POINT + 1);
    try (InputStream stream = CodePoints.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException(name + " is missing beside " + CodePoints.class.getName());
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.startsWith("#")) {
          int gap = line.indexOf(' ');
          set.set(
              Integer.parseInt(line, 0, gap, 16),
              Integer.parseInt(line, gap + 1, line.length(), 16) + 1);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return set;
  }
}
