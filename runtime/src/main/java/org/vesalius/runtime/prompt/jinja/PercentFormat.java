package org.vesalius.runtime.prompt.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code format % values}. */
final class PercentFormat {
  private final Text format;
  private final List<Object> values;
  private final @Nullable Dict named;
  private int at;
  private int used;

  private PercentFormat(Text format, Object values) {
    this.format = format;
    this.named = values instanceof Dict dict ? dict : null;
    this.values = values instanceof Tuple tuple ? tuple.items() : List.of(values);
  }

  static Text format(Text format, Object values) {
    return new PercentFormat(format, values).run(values);
  }

  private Text run(Object given) {
    TextBuilder out = new TextBuilder();
    String pattern = format.value();
    boolean byName = false;
    while (at < pattern.length()) {
      int percent = pattern.indexOf('%', at);
      if (percent < 0) {
        out.append(format, at, pattern.length());
        break;
      }
      out.append(format, at, percent);
      at = percent + 1;
      Object value = null;
      if (peek() == '(') {
        value = namedValue();
        byName = true;
      }
      conversion(value, out);
    }
    boolean unusedAllowed = byName || named != null || given instanceof ListValue;
    if (used < values.size() && !unusedAllowed) {
      throw new Problem("not all arguments converted during string formatting");
    }
    return out.toText();
  }

  private char peek() {
    if (at >= format.length()) {
      throw new Problem("incomplete format");
    }
    return format.value().charAt(at);
  }

  private Object namedValue() {
    int depth = 0;
    int start = at + 1;
    do {
      char c = peek();
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      at++;
    } while (depth > 0);
    if (named == null) {
      throw new Problem("format requires a mapping");
    }
    Text key = format.cut(start, at - 1);
    Object value = named.get(key);
    if (value == null) {
      throw new Problem("format: no value named " + Printer.repr(key));
    }
    return value;
  }

  private void conversion(@Nullable Object given, TextBuilder out) {
    boolean left = false;
    boolean zero = false;
    boolean alternate = false;
    char sign = '-';
    for (char c = peek(); "-+ #0".indexOf(c) >= 0; c = peek()) {
      left |= c == '-';
      zero |= c == '0';
      alternate |= c == '#';
      sign = c == '+' || (c == ' ' && sign == '-') ? c : sign;
      at++;
    }
    int width = number();
    int precision = -1;
    if (peek() == '.') {
      at++;
      precision = Math.max(0, number());
    }
    while ("hlL".indexOf(peek()) >= 0) {
      at++;
    }
    char type = peek();
    at++;
    if (type == '%') {
      out.append("%");
      return;
    }
    left |= width < 0;
    boolean numeric = "diouxXeEfFgG".indexOf(type) >= 0;
    char align = left ? '<' : zero && numeric ? '=' : '>';
    FormatSpec spec =
        new FormatSpec(
            zero && numeric && !left ? '0' : ' ',
            align,
            sign,
            alternate,
            Math.abs(width),
            '\0',
            precision,
            type);
    out.append(converted(spec, given == null ? next() : given));
  }

  private Text converted(FormatSpec spec, Object value) {
    return switch (spec.type()) {
      case 's' -> spec.text(Printer.str(value));
      case 'r', 'a' -> spec.text(Printer.repr(value));
      case 'c' -> spec.text(character(value));
      case 'd', 'i', 'u', 'o', 'x', 'X' -> {
        Object number = number(spec, value);
        Object integer =
            number instanceof Double d && "diu".indexOf(spec.type()) >= 0
                ? Numbers.truncate(d)
                : number;
        if (integer instanceof Double) {
          throw new Problem("%" + spec.type() + " format: an integer is required, not float");
        }
        yield minimumDigits(spec).integer(Numbers.big(integer));
      }
      case 'e', 'E', 'f', 'F', 'g', 'G' -> spec.real(Numbers.real(number(spec, value)));
      default -> throw new Problem("unsupported format character '" + spec.type() + "'");
    };
  }

  // A precision with an integer asks for that many digits.
  private static FormatSpec minimumDigits(FormatSpec spec) {
    boolean digits = spec.precision() > spec.width();
    return digits
        ? new FormatSpec(
            '0', '=', spec.sign(), spec.alternate(), spec.precision(), '\0', -1, spec.type())
        : spec;
  }

  private static Object number(FormatSpec spec, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!Numbers.isNumber(value)) {
      throw new Problem(
          "%%%c format: a real number is required, not %s"
              .formatted(spec.type(), Values.typeName(value)));
    }
    return value;
  }

  static Text character(Object value) {
    if (value instanceof Text text && text.codePoints() == 1) {
      return text;
    }
    if (Numbers.isInteger(value) && Character.isValidCodePoint(Numbers.clamp(value))) {
      return Text.of(Character.toString(Numbers.clamp(value)));
    }
    throw new Problem("format c: expected an integer or a single character");
  }

  /** A width or precision: digits, or an argument for a star; 0 when there is none. */
  private int number() {
    if (peek() == '*') {
      at++;
      return Numbers.clamp(next());
    }
    int number = 0;
    while (peek() >= '0' && peek() <= '9') {
      number = Math.min(number * 10 + (peek() - '0'), TextBuilder.MAX_LENGTH + 1);
      at++;
    }
    return number;
  }

  private Object next() {
    if (used >= values.size()) {
      throw new Problem("not enough arguments for format string");
    }
    return values.get(used++);
  }
}
