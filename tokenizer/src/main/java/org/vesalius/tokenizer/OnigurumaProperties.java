package org.vesalius.tokenizer;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Character classes of Oniguruma in Java's syntax, with the members they have in Unicode 16.0. */
final class OnigurumaProperties {
  private static final String SPACE =
      "\\t-\\r \\x85\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000";
  private static final Set<String> CATEGORIES =
      Set.of(
          "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P",
          "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl",
          "Zp", "Cc", "Cf", "Co");
  private static final Set<String> SCRIPTS =
      Set.of(
          "Han",
          "Hiragana",
          "Katakana",
          "Hangul",
          "Latin",
          "Greek",
          "Cyrillic",
          "Arabic",
          "Hebrew",
          "Thai",
          "Devanagari");

  private OnigurumaProperties() {}

  /** White_Space. */
  static String space(boolean negated) {
    return (negated ? "[^" : "[") + SPACE + "]";
  }

  /** A general category or a script, or null for a name that is neither. */
  static @Nullable String named(String name, boolean negated) {
    if (CATEGORIES.contains(name)) {
      return category(name, negated);
    }
    return SCRIPTS.contains(name) ? masked("\\p{Is" + name + "}", negated) : null;
  }

  static String category(String name, boolean negated) {
    return masked("\\p{" + name + "}", negated);
  }

  static String word(boolean negated) {
    return masked("\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}", negated);
  }

  /**
   * Outside a class, and only there, Oniguruma takes the superscripts and fractions of Latin-1 for
   * word characters.
   */
  static String looseWord(boolean negated) {
    return masked("\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}\\xB2\\xB3\\xB9\\xBC-\\xBE", negated);
  }

  private static String masked(String members, boolean negated) {
    return without(NewerThanReference.CHARACTERS, members, negated);
  }

  /** A class of characters without those that a JDK newer than Unicode 16.0 adds to it. */
  static String without(String newer, String members, boolean negated) {
    return newer.isEmpty()
        ? (negated ? "[^" : "[") + members + "]"
        : (negated ? "[^[" : "[[") + members + "]&&[^" + newer + "]]";
  }

  /**
   * Characters of this JDK that Unicode 16.0 does not have, as the inside of a character class; JDK
   * 25: none.
   */
  private static final class NewerThanReference {
    static final String CHARACTERS = characters();

    private static String characters() {
      StringBuilder ranges = new StringBuilder();
      for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
        if (isNewer(c)) {
          int last = c;
          while (last < Character.MAX_CODE_POINT && isNewer(last + 1)) {
            last++;
          }
          ranges.append("\\x{%X}-\\x{%X}".formatted(c, last));
          c = last;
        }
      }
      return ranges.toString();
    }

    private static boolean isNewer(int codePoint) {
      return CodePoints.unassigned(codePoint) && Character.isDefined(codePoint);
    }
  }
}
