package org.vesalius.tokenizer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates a regular expression from Oniguruma's Ruby syntax, which tokenizer.json uses, to
 * {@link Pattern}.
 *
 * <p>The two languages look alike and differ in what matters here: {@code \s}, {@code \d}, {@code
 * \w} and {@code \b} are Unicode properties there and ASCII in Java, {@code \h} is a hexadecimal
 * digit, {@code \v} is one character, {@code ^} and {@code $} stand at every line. Ignoring case is
 * spelled out letter by letter, because Java adds the dotted and dotless i of Turkish; ASCII
 * letters are all it is done for. What has no known equal is refused by name. Character properties
 * are those of Unicode 16.0 whatever the JDK's version is.
 *
 * <p>Source: Oniguruma's doc/RE; each rule is held to the reference by a differential test.
 */
final class OnigurumaRegex {

  /** Pairs of letters that one ligature equals when case is ignored. */
  private static final Set<String> LIGATURES = Set.of("ss", "st", "ff", "fi", "fl");

  /**
   * Matches nothing anywhere. A character beyond U+FFFF in the text of a look-behind makes Java
   * step back by code points instead of by halves of surrogate pairs.
   */
  private static final String WHOLE_CODE_POINTS = "(?:\uD800\uDC00){0}";

  private final String source;
  private final StringBuilder out = new StringBuilder();

  /** Whether case is ignored outside the group at the current place, for each group around it. */
  private final Deque<Boolean> outerFolding = new ArrayDeque<>();

  private boolean folding;
  private boolean inClass;
  private int at;

  private OnigurumaRegex(String source) {
    this.source = source;
  }

  /**
   * The same expression as a Java pattern.
   *
   * @throws IllegalArgumentException naming the construct that has no known equal
   */
  static Pattern compile(String regex) {
    String translated = new OnigurumaRegex(regex).translate();
    try {
      return Pattern.compile(translated);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(e.getDescription(), e);
    }
  }

  private String translate() {
    while (at < source.length()) {
      char c = source.charAt(at);
      switch (c) {
        case '\\' -> escape();
        case '[' -> characterClass();
        case '(' -> group();
        case '.' -> literally("[^\\n]");
        case '^' -> literally("(?:\\A|(?<=\\n)(?!\\z))");
        case '$' -> literally("(?=\\n|\\z)");
        case '{' -> interval();
        case '}', ']' -> literally("\\" + c);
        case ')' -> {
          folding = !outerFolding.isEmpty() && outerFolding.pop();
          literally(")");
        }
        default -> {
          if (folding && Character.isLetter(source.codePointAt(at))) {
            foldedLetter();
          } else {
            literally(String.valueOf(c));
          }
        }
      }
    }
    return out.toString();
  }

  private void literally(String translation) {
    out.append(translation);
    at++;
  }

  /** A letter in both cases. Of two letters that a ligature could stand for, none is translated. */
  private void foldedLetter() {
    char c = source.charAt(at);
    if (c >= 0x80
        || LIGATURES.contains(
            source.substring(at, Math.min(at + 2, source.length())).toLowerCase(Locale.ROOT))) {
      throw refuse("(?i:) around " + source.substring(at, Math.min(at + 2, source.length())));
    }
    literally("[" + cases(c) + "]");
  }

  /**
   * All characters that equal an ASCII letter when case is ignored: the long s and the Kelvin sign
   * are among them.
   */
  private static String cases(char letter) {
    char lower = (char) (letter | 0x20);
    String both = lower + String.valueOf((char) (lower - 0x20));
    return switch (lower) {
      case 's' -> both + "\\u017F";
      case 'k' -> both + "\\u212A";
      default -> both;
    };
  }

  private void group() {
    outerFolding.push(folding);
    if (!source.startsWith("(?", at)) {
      literally("(");
      return;
    }
    for (String opening : new String[] {"(?:", "(?=", "(?!", "(?>"}) {
      if (source.startsWith(opening, at)) {
        out.append(opening);
        at += opening.length();
        return;
      }
    }
    for (String opening : new String[] {"(?<=", "(?<!"}) {
      if (source.startsWith(opening, at)) {
        out.append(opening).append(WHOLE_CODE_POINTS);
        at += opening.length();
        return;
      }
    }
    if (source.startsWith("(?i:", at) || source.startsWith("(?-i:", at)) {
      folding = source.charAt(at + 2) == 'i';
      at = source.indexOf(':', at) + 1;
      out.append("(?:");
      return;
    }
    throw refuse(source.substring(at, Math.min(at + 4, source.length())));
  }

  private void interval() {
    int close = source.indexOf('}', at);
    String body = close < 0 ? "" : source.substring(at + 1, close);
    if (!body.matches("\\d+|\\d+,|,\\d+|\\d+,\\d+")) {
      literally("\\{");
      return;
    }
    if (close + 1 < source.length()
        && (source.charAt(close + 1) == '+'
            || (source.charAt(close + 1) == '?' && body.indexOf(',') < 0))) {
      throw refuse(source.substring(at, close + 2));
    }
    out.append('{').append(body.startsWith(",") ? "0" + body : body).append('}');
    at = close + 1;
  }

  private void escape() {
    char c = escaped();
    if (folding && "wWpP".indexOf(c) >= 0) {
      throw refuse("\\" + c + " inside (?i:)");
    }
    switch (c) {
      case 's' -> shorthand(OnigurumaProperties.space(false));
      case 'S' -> shorthand(OnigurumaProperties.space(true));
      case 'd' -> shorthand(OnigurumaProperties.category("Nd", false));
      case 'D' -> shorthand(OnigurumaProperties.category("Nd", true));
      case 'w' ->
          shorthand(
              inClass ? OnigurumaProperties.word(false) : OnigurumaProperties.looseWord(false));
      case 'W' ->
          shorthand(inClass ? OnigurumaProperties.word(true) : OnigurumaProperties.looseWord(true));
      case 'h' -> shorthand("[0-9A-Fa-f]");
      case 'H' -> shorthand("[^0-9A-Fa-f]");
      case 'b' ->
          shorthand(
              "(?:(?<=%2$s%1$s)(?!%1$s)|(?<!%2$s%1$s)(?=%1$s))"
                  .formatted(OnigurumaProperties.looseWord(false), WHOLE_CODE_POINTS));
      case 'B' ->
          shorthand(
              "(?:(?<=%2$s%1$s)(?=%1$s)|(?<!%2$s%1$s)(?!%1$s))"
                  .formatted(OnigurumaProperties.looseWord(false), WHOLE_CODE_POINTS));
      case 'A' -> shorthand("\\A");
      case 'z' -> shorthand("\\z");
      case 'Z' -> shorthand("(?=\\n?\\z)");
      case 'p', 'P' -> out.append(property());
      default -> {
        int codePoint = escapedCharacter();
        if (folding && Character.isLetter(codePoint)) {
          throw refuse("an escaped letter inside (?i:)");
        }
        out.append(quoted(codePoint));
      }
    }
  }

  private void shorthand(String translation) {
    out.append(translation);
    at += 2;
  }

  private void characterClass() {
    int start = at;
    boolean outer = inClass;
    inClass = true;
    out.append('[');
    at++;
    if (at < source.length() && source.charAt(at) == '^') {
      literally("^");
    }
    if (at < source.length() && source.charAt(at) == ']') {
      throw refuse("[]");
    }
    while (at < source.length() && source.charAt(at) != ']') {
      char c = source.charAt(at);
      if (source.startsWith("[:", at)) {
        throw refuse("[: :]");
      } else if (c == '[') {
        characterClass();
      } else if (source.startsWith("&&", at)) {
        out.append("&&");
        at += 2;
      } else if (c == '\\' && "sSdDwWhHpP".indexOf(escaped()) >= 0) {
        escape();
      } else {
        classRange();
      }
    }
    if (at == source.length()) {
      throw new IllegalArgumentException("no ] for the [ at character " + start + " of " + source);
    }
    literally("]");
    inClass = outer;
  }

  /** One character of a class, or a range of them. */
  private void classRange() {
    int first = classCharacter();
    int last = first;
    out.append(quoted(first));
    if (source.startsWith("-", at) && isRangeEnd(at + 1)) {
      at++;
      last = classCharacter();
      out.append('-').append(quoted(last));
    }
    for (int c = first; folding && c <= last; c++) {
      if (c >= 0x80) {
        throw refuse("a character beyond ASCII in a class inside (?i:)");
      }
      if (Character.isLetter(c)) {
        out.append(cases((char) c));
      }
    }
  }

  private boolean isRangeEnd(int i) {
    if (i >= source.length() || source.charAt(i) == ']' || source.charAt(i) == '[') {
      return false;
    }
    return source.charAt(i) != '\\'
        || i + 1 >= source.length()
        || "sSdDwWhHpP".indexOf(source.charAt(i + 1)) < 0;
  }

  private int classCharacter() {
    if (source.charAt(at) != '\\') {
      int codePoint = source.codePointAt(at);
      at += Character.charCount(codePoint);
      return codePoint;
    }
    if (escaped() == 'b') {
      at += 2;
      return '\b';
    }
    return escapedCharacter();
  }

  private char escaped() {
    if (at + 1 >= source.length()) {
      throw refuse("\\ at the end");
    }
    return source.charAt(at + 1);
  }

  /** The one character that the escape at the current place stands for. */
  private int escapedCharacter() {
    char c = escaped();
    if (c == 'x' || c == 'u') {
      return hexadecimal(c);
    }
    int codePoint =
        switch (c) {
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'f' -> '\f';
          case 'v' -> 0x0B;
          case 'a' -> 0x07;
          case 'e' -> 0x1B;
          default -> {
            if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
              throw refuse("\\" + c);
            }
            yield source.codePointAt(at + 1);
          }
        };
    at += 1 + Character.charCount(source.codePointAt(at + 1));
    return codePoint;
  }

  private int hexadecimal(char c) {
    int start = at + 2;
    int end;
    if (c == 'x' && source.startsWith("{", start)) {
      start++;
      end = source.indexOf('}', start);
      at = end + 1;
    } else {
      end = start + (c == 'x' ? 2 : 4);
      at = end;
    }
    if (end < start
        || end > source.length()
        || !source.substring(start, end).matches("[0-9A-Fa-f]{1,6}")) {
      throw refuse("\\" + c + " without its hexadecimal digits");
    }
    int codePoint = Integer.parseInt(source, start, end, 16);
    if (!Character.isValidCodePoint(codePoint)) {
      throw refuse("\\" + c + " beyond U+10FFFF");
    }
    return codePoint;
  }

  private String property() {
    boolean negated = source.charAt(at + 1) == 'P';
    int close = source.indexOf('}', at);
    if (!source.startsWith("{", at + 2) || close < 0) {
      throw refuse(source.substring(at, at + 2) + " without {name}");
    }
    String name = source.substring(at + 3, close);
    if (name.startsWith("^")) {
      negated = !negated;
      name = name.substring(1);
    }
    at = close + 1;
    String members = OnigurumaProperties.named(name, negated);
    if (members != null) {
      return members;
    }
    throw refuse("\\p{" + name + "}");
  }

  private static String quoted(int codePoint) {
    return codePoint < 0x80 && !Character.isLetterOrDigit(codePoint)
        ? "\\x%02X".formatted(codePoint)
        : Character.toString(codePoint);
  }

  private IllegalArgumentException refuse(String construct) {
    return new IllegalArgumentException(
        "regular expression construct " + construct + " in " + source);
  }
}
