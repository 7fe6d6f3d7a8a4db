package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** The sets of characters that have a name in regular expressions. */
final class CharacterClasses {
  static final SymbolSet DIGITS = SymbolSet.range('0', '9');
  private static final SymbolSet WORD =
      SymbolSet.range('a', 'z').or(SymbolSet.range('A', 'Z')).or(DIGITS).or(SymbolSet.of('_'));
  private static final SymbolSet ASCII_SPACE = SymbolSet.ofAll(" \t\n\u000B\f\r");
  private static final SymbolSet ECMA_SPACE =
      ASCII_SPACE
          .or(SymbolSet.ofAll("\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF"))
          .or(SymbolSet.range(0x2000, 0x200A));

  private final RegexParser.Dialect dialect;

  CharacterClasses(RegexParser.Dialect dialect) {
    this.dialect = dialect;
  }

  private boolean ecma() {
    return dialect == RegexParser.Dialect.ECMA;
  }

  /** What a dot matches: no line terminator. */
  SymbolSet dot() {
    SymbolSet breaks = SymbolSet.ofAll("\n\r\u2028\u2029");
    return (ecma() ? breaks : breaks.or(SymbolSet.of(0x85))).complement();
  }

  /** What a backslash and a letter match, or null where that is no set. */
  @Nullable SymbolSet of(int letter) {
    SymbolSet space = ecma() ? ECMA_SPACE : ASCII_SPACE;
    return switch (letter) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> space;
      case 'S' -> space.complement();
      // A vertical tab in ECMA-262, any vertical white space in Java.
      case 'v' -> ecma() ? SymbolSet.of(0x0B) : SymbolSet.ofAll("\n\u000B\f\r\u0085\u2028\u2029");
      default -> null;
    };
  }

  /** A Unicode property as Java knows it, or null. */
  @Nullable SymbolSet property(String name) {
    Predicate<String> matches;
    try {
      matches = Pattern.compile("\\p{" + name + "}").asMatchPredicate();
    } catch (PatternSyntaxException e) {
      return null;
    }
    List<int[]> ranges = new ArrayList<>();
    int begin = -1;
    for (int c = 0; c <= Character.MAX_CODE_POINT + 1; c++) {
      boolean in = c <= Character.MAX_CODE_POINT && matches.test(Character.toString(c));
      if (in && begin < 0) {
        begin = c;
      } else if (!in && begin >= 0) {
        ranges.add(new int[] {begin, c - 1});
        begin = -1;
      }
    }
    return SymbolSet.of(ranges).and(SymbolSet.CHARACTERS);
  }
}
