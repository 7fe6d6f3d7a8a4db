package org.vesalius.clinical.entities;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.EnumSet;
import java.util.Set;

/**
 * What each character is to the search: how it is normalised and how it makes words.
 *
 * <p>Normal form is NFKC, then for each code point: formatting characters and variation selectors
 * go; white space and control characters are a space; dashes and middle dots are a hyphen;
 * quotation marks are the ASCII ones; letters are folded to lower case one by one (the lower case
 * of the upper case, so that both sigmas are one letter and the sharp s stays).
 */
final class Characters {
  // How a UTF-16 unit of the source is normalised, from the cheapest.
  /** By {@link #FOLD} alone. */
  static final byte DIRECT = 0;

  /** To nothing. */
  static final byte DROPPED = 1;

  /** With what joins it, through the JDK's normalizer. */
  static final byte SLOW = 2;

  /** As {@link #SLOW}, and it may join what stands before it. */
  static final byte JOINING = 3;

  /** Half of a pair, so the code point has to be looked at. */
  static final byte PAIRED = 4;

  // What a normalised code point is to words.
  /** A letter or digit of a script that writes words apart. */
  static final byte WORD = 0;

  /** A combining mark: belongs to what stands before it. */
  static final byte MARK = 1;

  /** A letter of a script that does not: a word of its own. */
  static final byte ALONE = 2;

  /** Anything else that is visible: a word of its own. */
  static final byte OTHER = 3;

  /** The hyphen. */
  static final byte HYPHEN = 4;

  /** The space. */
  static final byte SPACE = 5;

  /** Half of a pair. */
  static final byte PAIR = 6;

  private static final Set<UnicodeScript> UNSPACED =
      EnumSet.of(
          UnicodeScript.HAN,
          UnicodeScript.HIRAGANA,
          UnicodeScript.KATAKANA,
          UnicodeScript.BOPOMOFO,
          UnicodeScript.HANGUL,
          UnicodeScript.THAI,
          UnicodeScript.LAO,
          UnicodeScript.KHMER,
          UnicodeScript.MYANMAR);

  static final byte[] STEP = new byte[1 << 16];
  static final char[] FOLD = new char[1 << 16];
  static final byte[] KIND = new byte[1 << 16];

  static {
    for (int c = 0; c < 1 << 16; c++) {
      boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      STEP[c] = surrogate ? PAIRED : step(c);
      KIND[c] = surrogate ? PAIR : kind(c);
    }
  }

  private Characters() {}

  private static byte step(int c) {
    FOLD[c] = (char) c;
    if (isDropped(c)) {
      return DROPPED;
    }
    if (isJoining(c)) {
      return JOINING;
    }
    if (isIn(c, 0x3400, 0x9FFF) || isIn(c, 0xAC00, 0xD7A3) || isIn(c, 0xE000, 0xF8FF)) {
      // Han, Hangul syllables, private use: nothing changes, and most of all characters are these.
      return DIRECT;
    }
    String normal = Normalizer.normalize(Character.toString(c), Form.NFKC);
    if (normal.length() != 1 || isDropped(normal.charAt(0))) {
      return SLOW;
    }
    int folded = fold(normal.charAt(0));
    FOLD[c] = (char) folded;
    return folded < 1 << 16 ? DIRECT : SLOW;
  }

  /** Whether a code point has no normal form. */
  static boolean isDropped(int c) {
    return Character.getType(c) == Character.FORMAT
        || isIn(c, 0xFE00, 0xFE0F)
        || isIn(c, 0xE0100, 0xE01EF)
        || c == 0x034F;
  }

  /** Whether NFKC may join a code point with those before it: marks, Hangul vowels and finals. */
  static boolean isJoining(int c) {
    if (isMark(c)) {
      return true;
    }
    if (c < 0x1100 || c > 0xFFFF || isIn(c, 0x3400, 0xD7A3)) {
      return false;
    }
    int first = Normalizer.normalize(Character.toString(c), Form.NFKD).codePointAt(0);
    return isMark(first) || isIn(first, 0x1160, 0x11FF);
  }

  private static boolean isIn(int c, int first, int last) {
    return c >= first && c <= last;
  }

  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK;
  }

  /** What a code point in NFKC becomes; not for dropped ones. */
  static int fold(int c) {
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.CONTROL ->
          ' ';
      case Character.DASH_PUNCTUATION -> '-';
      default ->
          switch (c) {
            // Minus sign; middle dots, which stand between the parts of names.
            case 0x2212, 0x00B7, 0x2022, 0x2027, 0x30FB -> '-';
            case 0x2018, 0x2019, 0x201B, 0x02BC, 0x2032 -> '\'';
            case 0x201C, 0x201D, 0x201E, 0x201F, 0x2033 -> '"';
            default -> Character.toLowerCase(Character.toUpperCase(c));
          };
    };
  }

  /** What a folded code point is to words. */
  static byte kind(int c) {
    if (c == ' ') {
      return SPACE;
    }
    if (c == '-') {
      return HYPHEN;
    }
    if (isMark(c)) {
      return MARK;
    }
    int type = Character.getType(c);
    boolean number = type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    if (!Character.isLetterOrDigit(c) && !number) {
      return OTHER;
    }
    // The mark of long vowels is common to both kanas.
    return c == 0x30FC || UNSPACED.contains(UnicodeScript.of(c)) ? ALONE : WORD;
  }
}
