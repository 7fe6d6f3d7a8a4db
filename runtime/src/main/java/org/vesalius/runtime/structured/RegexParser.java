package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.structured.RegularExpression.Alternation;
import org.vesalius.runtime.structured.RegularExpression.Concatenation;
import org.vesalius.runtime.structured.RegularExpression.Repetition;
import org.vesalius.runtime.structured.RegularExpression.Symbols;

/**
 * Reads regular expressions as ECMA-262 (with its flag {@code u}) or Java writes them. What is no
 * regular language, or depends on more than the text matched, is refused by name.
 */
final class RegexParser {

  /** Where the two differ. */
  enum Dialect {
    ECMA,
    JAVA
  }

  private static final int MAX_REPEAT = 100_000;
  private static final int MAX_DEPTH = 200;

  private final String pattern;
  private final String origin;
  private final CharacterClasses classes;
  private final Dialect dialect;
  private int at;
  private int depth;

  private RegexParser(String pattern, Dialect dialect, String origin) {
    this.pattern = pattern;
    this.origin = origin;
    this.dialect = dialect;
    classes = new CharacterClasses(dialect);
  }

  /**
   * The texts that an expression matches as a whole.
   *
   * @param origin what error messages call it
   */
  static RegularExpression whole(String pattern, Dialect dialect, String origin) {
    RegexParser parser = new RegexParser(pattern, dialect, origin);
    RegularExpression expression = parser.alternation();
    if (parser.at < pattern.length()) {
      throw parser.wrong("unmatched )");
    }
    return expression;
  }

  /** The texts in which ECMA-262 finds a match somewhere. */
  static RegularExpression search(String pattern, String origin) {
    return RegularExpression.sequence(
        RegularExpression.anything(),
        whole(pattern, Dialect.ECMA, origin),
        RegularExpression.anything());
  }

  private RegularExpression alternation() {
    if (++depth > MAX_DEPTH) {
      throw wrong("groups nested deeper than " + MAX_DEPTH);
    }
    List<RegularExpression> branches = new ArrayList<>();
    branches.add(concatenation());
    while (peek() == '|') {
      at++;
      branches.add(concatenation());
    }
    depth--;
    return branches.size() == 1 ? branches.getFirst() : new Alternation(List.copyOf(branches));
  }

  private RegularExpression concatenation() {
    List<RegularExpression> parts = new ArrayList<>();
    while (at < pattern.length() && peek() != '|' && peek() != ')') {
      parts.add(quantified());
    }
    return parts.size() == 1 ? parts.getFirst() : new Concatenation(List.copyOf(parts));
  }

  private RegularExpression quantified() {
    int begin = at;
    RegularExpression part = atom();
    boolean place =
        part instanceof RegularExpression.Begin || part instanceof RegularExpression.End;
    for (boolean first = true; ; first = false) {
      int min;
      int max;
      switch (peek()) {
        case '*' -> {
          min = 0;
          max = RegularExpression.UNLIMITED;
          at++;
        }
        case '+' -> {
          min = 1;
          max = RegularExpression.UNLIMITED;
          at++;
        }
        case '?' -> {
          min = 0;
          max = 1;
          at++;
        }
        case '{' -> {
          at++;
          min = number();
          max = min;
          if (peek() == ',') {
            at++;
            max = peek() == '}' ? RegularExpression.UNLIMITED : number();
          }
          expect('}');
          if (max != RegularExpression.UNLIMITED && max < min) {
            throw wrong("{" + min + "," + max + "} is no range");
          }
        }
        default -> {
          return part;
        }
      }
      if (place || !first) {
        at = begin;
        throw wrong("a quantifier has nothing to repeat");
      }
      if (peek() == '?') {
        // Lazy: finds another match, but matches the same texts as a whole.
        at++;
      } else if (peek() == '+') {
        throw wrong("possessive quantifiers are not supported");
      }
      part = new Repetition(part, min, max);
    }
  }

  private int number() {
    int begin = at;
    int value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = 10 * value + (peek() - '0');
      at++;
      if (value > MAX_REPEAT) {
        throw wrong("more than " + MAX_REPEAT + " repetitions");
      }
    }
    if (begin == at) {
      throw wrong("expected a number");
    }
    return value;
  }

  private RegularExpression atom() {
    int c = next();
    return switch (c) {
      case '(' -> group();
      case '[' -> new Symbols(set());
      case '.' -> new Symbols(classes.dot());
      case '^' -> new RegularExpression.Begin();
      case '$' -> new RegularExpression.End();
      case '\\' -> escape();
      case '*', '+', '?', '{' -> {
        at--;
        throw wrong("a quantifier has nothing to repeat");
      }
      default -> new Symbols(SymbolSet.of(character(c)));
    };
  }

  private int character(int c) {
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      throw wrong("half a surrogate pair is no character");
    }
    return c;
  }

  private RegularExpression group() {
    if (peek() == '?') {
      at++;
      String rest = pattern.substring(at);
      if (rest.startsWith(":")) {
        at++;
      } else if (rest.startsWith("=") || rest.startsWith("!")) {
        throw wrong("lookahead is not supported");
      } else if (rest.startsWith("<=") || rest.startsWith("<!")) {
        throw wrong("lookbehind is not supported");
      } else if (rest.startsWith("<")) {
        int end = pattern.indexOf('>', at);
        if (end < 0) {
          throw wrong("the name of a group does not end");
        }
        at = end + 1;
      } else if (rest.startsWith(">")) {
        throw wrong("atomic groups are not supported");
      } else {
        throw wrong("inline flags are not supported");
      }
    }
    RegularExpression inner = alternation();
    expect(')');
    return inner;
  }

  private RegularExpression escape() {
    int c = peek();
    if (c >= '1' && c <= '9') {
      throw wrong("backreferences are not supported");
    }
    switch (c) {
      case 'k' -> throw wrong("backreferences are not supported");
      case 'b', 'B' -> throw wrong("word boundaries are not supported");
      case 'G', 'Z', 'Q', 'E', 'R', 'X' ->
          throw wrong("\\" + Character.toString(c) + " is not supported");
      case 'A', 'z' -> {
        if (dialect == Dialect.JAVA) {
          at++;
          return c == 'A' ? new RegularExpression.Begin() : new RegularExpression.End();
        }
      }
      default -> {}
    }
    return new Symbols(escapedSet(false));
  }

  private SymbolSet escapedSet(boolean inClass) {
    int c = next();
    SymbolSet set = classes.of(c);
    if (set != null) {
      return set;
    }
    return switch (c) {
      case 'p', 'P' -> property(c == 'P');
      case 't' -> SymbolSet.of('\t');
      case 'n' -> SymbolSet.of('\n');
      case 'r' -> SymbolSet.of('\r');
      case 'f' -> SymbolSet.of('\f');
      case '0' -> {
        if (dialect == Dialect.JAVA || (peek() >= '0' && peek() <= '9')) {
          throw wrong("octal escapes are not supported");
        }
        yield SymbolSet.of(0);
      }
      case 'c' -> {
        int letter = next();
        if (!isLetter(letter)) {
          throw wrong("\\c: expected a letter");
        }
        // Java takes the letter as it is, ECMA modulo 32.
        yield SymbolSet.of(dialect == Dialect.JAVA ? letter ^ 64 : letter & 31);
      }
      case 'x' -> SymbolSet.of(peek() == '{' ? braced() : hex(2));
      case 'u' -> SymbolSet.of(peek() == '{' ? braced() : utf16());
      case 'b' -> {
        if (inClass && dialect == Dialect.ECMA) {
          yield SymbolSet.of('\b');
        }
        throw wrong("\\b is not supported here");
      }
      default -> {
        if (isLetter(c) || (c >= '0' && c <= '9')) {
          throw wrong("\\" + Character.toString(c) + " is not supported");
        }
        yield SymbolSet.of(character(c));
      }
    };
  }

  private static boolean isLetter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private int utf16() {
    int unit = hex(4);
    if (Character.isHighSurrogate((char) unit) && pattern.startsWith("\\u", at)) {
      at += 2;
      int low = hex(4);
      if (Character.isLowSurrogate((char) low)) {
        return Character.toCodePoint((char) unit, (char) low);
      }
    }
    return character(unit);
  }

  private int braced() {
    int end = pattern.indexOf('}', at);
    if (end < 0 || end - at > 8) {
      throw wrong("expected {hexadecimal digits}");
    }
    at++;
    int value = hex(end - at);
    at = end + 1;
    if (value > Character.MAX_CODE_POINT) {
      throw wrong("no code point");
    }
    return character(value);
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = peek() < 0x80 ? Character.digit(peek(), 16) : -1;
      if (digit < 0) {
        throw wrong("expected a hexadecimal digit");
      }
      value = 16 * value + digit;
      at++;
    }
    return value;
  }

  private SymbolSet property(boolean negated) {
    String name;
    if (peek() == '{') {
      int end = pattern.indexOf('}', at);
      if (end < 0) {
        throw wrong("\\p{ does not end");
      }
      name = pattern.substring(at + 1, end);
      at = end + 1;
    } else if (dialect == Dialect.JAVA) {
      name = Character.toString(next());
    } else {
      throw wrong("\\p: expected {");
    }
    SymbolSet set = classes.property(name);
    if (set == null) {
      throw wrong("the property \\p{" + name + "} is not known");
    }
    return negated ? set.complement() : set;
  }

  private SymbolSet set() {
    boolean negated = peek() == '^';
    if (negated) {
      at++;
    }
    if (peek() == ']' && dialect == Dialect.JAVA) {
      throw wrong("] has to be written as \\] here");
    }
    SymbolSet all = SymbolSet.EMPTY;
    while (peek() != ']') {
      SymbolSet first = member();
      if (peek() == '-' && at + 1 < pattern.length() && pattern.charAt(at + 1) != ']') {
        at++;
        SymbolSet last = member();
        if (!isSingle(first) || !isSingle(last) || first.first(0) > last.first(0)) {
          throw wrong("a range needs two characters in order");
        }
        all = all.or(SymbolSet.range(first.first(0), last.first(0)).and(SymbolSet.CHARACTERS));
      } else {
        all = all.or(first);
      }
    }
    at++;
    return negated ? all.complement() : all;
  }

  private static boolean isSingle(SymbolSet set) {
    return set.ranges() == 1 && set.first(0) == set.last(0);
  }

  private SymbolSet member() {
    int c = next();
    if (c == '\\') {
      return escapedSet(true);
    }
    if (dialect == Dialect.JAVA && (c == '[' || (c == '&' && peek() == '&'))) {
      throw wrong("sets inside of sets are not supported");
    }
    return SymbolSet.of(character(c));
  }

  private void expect(char c) {
    if (peek() != c) {
      throw wrong("expected " + c);
    }
    at++;
  }

  private int peek() {
    return at < pattern.length() ? pattern.codePointAt(at) : -1;
  }

  private int next() {
    int c = peek();
    if (c < 0) {
      throw wrong("the expression ends too early");
    }
    at += Character.charCount(c);
    return c;
  }

  private UnsupportedFormatException wrong(String problem) {
    return new UnsupportedFormatException(
        origin + ": character " + at + " of the expression \"" + brief() + "\": " + problem);
  }

  private String brief() {
    return pattern.length() <= 80 ? pattern : pattern.substring(0, 80) + "...";
  }
}
