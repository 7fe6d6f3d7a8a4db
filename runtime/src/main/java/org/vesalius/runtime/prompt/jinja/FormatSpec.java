package org.vesalius.runtime.prompt.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * How one value is written by {@code %} formatting or {@code str.format}.
 *
 * @param align one of {@code < > = ^}, or 0 for the default of the type
 * @param sign one of {@code + - } and space
 * @param grouping the thousands separator, or 0
 * @param precision -1 when not given
 * @param type the conversion, or 0
 */
record FormatSpec(
    int fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    char grouping,
    int precision,
    char type) {
  private static final int MAX_PRECISION = 1000;

  FormatSpec {
    if (precision > MAX_PRECISION) {
      throw new Problem("precision too big");
    }
  }

  /** Text cut to the precision and padded; left-aligned unless told otherwise. */
  Text text(Text value) {
    Text cut = value;
    if (precision >= 0 && precision < value.codePoints()) {
      cut = value.cut(0, value.unitIndex(precision));
    }
    return pad(cut, '<');
  }

  Text integer(BigInteger value) {
    String digits =
        switch (type) {
          case 'x' -> value.abs().toString(16);
          case 'X' -> value.abs().toString(16).toUpperCase(Locale.ROOT);
          case 'o' -> value.abs().toString(8);
          case 'b' -> value.abs().toString(2);
          default -> value.abs().toString();
        };
    String prefix = alternate && "xXob".indexOf(type) >= 0 ? "0" + type : "";
    return number(value.signum() < 0, prefix, digits, "");
  }

  /** A float; type one of {@code e E f F g G %}, or 0 for the shortest form. */
  Text real(double value) {
    boolean negative = value < 0 || (value == 0 && 1 / value < 0);
    String digits;
    if (Double.isNaN(value) || Double.isInfinite(type == '%' ? value * 100 : value)) {
      digits = Double.isNaN(value) ? "nan" : "inf";
    } else {
      // The reference multiplies the float, rounding included.
      BigDecimal exact = new BigDecimal(Math.abs(type == '%' ? value * 100 : value));
      int places = precision < 0 ? 6 : precision;
      digits =
          switch (Character.toLowerCase(type)) {
            case 'e' -> exponent(exact, places, false);
            case 'f' -> fixed(exact, places);
            case '%' -> fixed(exact, places);
            case 'g' -> general(exact, Math.max(1, places), alternate);
            default ->
                precision < 0
                    ? Numbers.repr(Math.abs(value))
                    : withPoint(general(exact, Math.max(1, precision), false));
          };
    }
    if (Character.isUpperCase(type)) {
      digits = digits.toUpperCase(Locale.ROOT);
    }
    int end = 0;
    while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
      end++;
    }
    String rest = digits.substring(end) + (type == '%' ? "%" : "");
    return number(negative, "", digits.substring(0, end), rest);
  }

  private static String withPoint(String digits) {
    return digits.matches("[0-9]+") ? digits + ".0" : digits;
  }

  private static String fixed(BigDecimal exact, int places) {
    return exact.setScale(places, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String exponent(BigDecimal exact, int places, boolean trimmed) {
    BigDecimal rounded = exact.round(new MathContext(places + 1, RoundingMode.HALF_EVEN));
    int power = exact.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String mantissa =
        rounded.movePointLeft(power).setScale(places, RoundingMode.HALF_EVEN).toPlainString();
    if (trimmed) {
      mantissa = trim(mantissa);
    }
    int size = Math.abs(power);
    return mantissa + "e" + (power < 0 ? "-" : "+") + (size < 10 ? "0" : "") + size;
  }

  private static String general(BigDecimal exact, int digits, boolean keepZeros) {
    BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
    int power = exact.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    if (power < -4 || power >= digits) {
      return exponent(exact, digits - 1, !keepZeros);
    }
    String plain = rounded.setScale(digits - 1 - power, RoundingMode.HALF_EVEN).toPlainString();
    return keepZeros ? plain : trim(plain);
  }

  private static String trim(String digits) {
    return digits.indexOf('.') < 0 ? digits : digits.replaceFirst("\\.?0+$", "");
  }

  private Text number(boolean negative, String prefix, String digits, String rest) {
    String lead = (negative ? "-" : sign == '-' ? "" : String.valueOf(sign)) + prefix;
    String grouped = grouping == 0 ? digits : group(digits);
    Text body = Text.of(grouped + rest);
    if (align == '=') {
      Text fillText = Text.of(Character.toString(fill));
      return new TextBuilder()
          .append(lead)
          .append(Strings.pad(body, width - lead.length(), fillText, 2))
          .toText();
    }
    return pad(Text.of(lead + grouped + rest), '>');
  }

  private String group(String digits) {
    StringBuilder out = new StringBuilder(digits);
    int every = "xXob".indexOf(type) >= 0 && type != 0 ? 4 : 3;
    for (int i = digits.length() - every; i > 0; i -= every) {
      out.insert(i, grouping);
    }
    return out.toString();
  }

  private Text pad(Text value, char otherwise) {
    int share =
        switch (align == 0 ? otherwise : align) {
          case '<' -> 0;
          case '^' -> 1;
          default -> 2;
        };
    Text fillText = Text.of(Character.toString(fill));
    int missing = width - value.codePoints();
    if (share == 1 && missing > 0) {
      return new TextBuilder()
          .repeat(fillText, missing / 2)
          .append(value)
          .repeat(fillText, missing - missing / 2)
          .toText();
    }
    return Strings.pad(value, width, fillText, share);
  }
}
