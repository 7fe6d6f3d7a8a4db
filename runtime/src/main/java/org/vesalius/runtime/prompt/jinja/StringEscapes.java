package org.vesalius.runtime.prompt.jinja;

import java.util.function.Function;

/** The escape sequences of Python's string literals, which Jinja's literals share. */
final class StringEscapes {
  private StringEscapes() {}

  static String decode(String literal, Function<String, TemplateException> error) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder out = new StringBuilder(literal.length());
    for (int i = 0; i < literal.length(); ) {
      char c = literal.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char kind = literal.charAt(i++);
      switch (kind) {
        case '\n' -> {}
        case '\\', '\'', '"' -> out.append(kind);
        case 'a' -> out.append('\u0007');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case 'n' -> out.append('\n');
        case 'r' -> out.append('\r');
        case 't' -> out.append('\t');
        case 'v' -> out.append('\u000b');
        case '0', '1', '2', '3', '4', '5', '6', '7' -> {
          int end = i;
          while (end < literal.length() && end < i + 2 && isOctal(literal.charAt(end))) {
            end++;
          }
          out.append((char) Integer.parseInt(literal.substring(i - 1, end), 8));
          i = end;
        }
        case 'x', 'u', 'U' -> {
          int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
          out.appendCodePoint(hex(literal, i, digits, error));
          i += digits;
        }
        case 'N' -> i = named(literal, i, out, error);
        // Python keeps what it does not know; the reference escapes non-ASCII before decoding.
        default -> out.append('\\').append(kind);
      }
    }
    return out.toString();
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private static int hex(
      String literal, int start, int digits, Function<String, TemplateException> error) {
    if (start + digits <= literal.length()) {
      String number = literal.substring(start, start + digits);
      if (number.matches("[0-9a-fA-F]+")) {
        long c = Long.parseLong(number, 16);
        if (c <= Character.MAX_CODE_POINT) {
          return (int) c;
        }
      }
    }
    throw error.apply("bad escape in string: expected " + digits + " hexadecimal digits");
  }

  private static int named(
      String literal, int start, StringBuilder out, Function<String, TemplateException> error) {
    int end = literal.indexOf('}', start);
    if (end > start && literal.charAt(start) == '{') {
      try {
        out.appendCodePoint(Character.codePointOf(literal.substring(start + 1, end)));
        return end + 1;
      } catch (IllegalArgumentException _) {
        // Reported below with the other malformed cases.
      }
    }
    throw error.apply("bad escape in string: unknown Unicode character name");
  }
}
