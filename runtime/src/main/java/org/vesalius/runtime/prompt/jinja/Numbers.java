package org.vesalius.runtime.prompt.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Python's numbers: integers are {@code Long} where they fit and {@code BigInteger} beyond, floats
 * are {@code Double}, and booleans count as 0 and 1.
 */
final class Numbers {
  // Far above anything a prompt counts, low enough that no product takes noticeable time.
  private static final int MAX_BITS = 1 << 14;
  private static final BigInteger MIN_LONG = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_LONG = BigInteger.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  /** True for booleans too, as in Python. */
  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
  }

  static BigInteger big(Object integer) {
    return switch (integer) {
      case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
      case Long l -> BigInteger.valueOf(l);
      case BigInteger b -> b;
      default -> throw new AssertionError(integer);
    };
  }

  static Object narrow(BigInteger value) {
    if (value.bitLength() > MAX_BITS) {
      throw new Problem("integer of more than " + MAX_BITS + " bits");
    }
    boolean fits = value.compareTo(MIN_LONG) >= 0 && value.compareTo(MAX_LONG) <= 0;
    return fits ? (Object) value.longValue() : value;
  }

  static double real(Object number) {
    return switch (number) {
      case Double d -> d;
      case Long l -> l;
      default -> {
        double value = big(number).doubleValue();
        if (Double.isInfinite(value)) {
          throw new Problem("int too large to convert to float");
        }
        yield value;
      }
    };
  }

  /** An integer used as a count or an index; beyond int it is clamped, as slices do. */
  static int clamp(Object integer) {
    return switch (integer) {
      case Boolean b -> b ? 1 : 0;
      case Long l -> Math.clamp(l, -Integer.MAX_VALUE, Integer.MAX_VALUE);
      case BigInteger b -> b.signum() < 0 ? -Integer.MAX_VALUE : Integer.MAX_VALUE;
      default ->
          throw new Problem(
              "'%s' object cannot be interpreted as an integer"
                  .formatted(Values.typeName(integer)));
    };
  }

  /** {@code null} when the operator is not defined for these types. */
  static @Nullable Object arithmetic(String operator, Object a, Object b) {
    if (!isNumber(a) || !isNumber(b)) {
      return null;
    }
    if (a instanceof Double || b instanceof Double) {
      return real(operator, real(a), real(b));
    }
    if (a instanceof Long x && b instanceof Long y && isSmall(x) && isSmall(y)) {
      switch (operator) {
        case "+" -> {
          return x + y;
        }
        case "-" -> {
          return x - y;
        }
        case "*" -> {
          return x * y;
        }
        default -> {}
      }
    }
    return integer(operator, big(a), big(b));
  }

  /** Small enough that no sum or product of two overflows. */
  private static boolean isSmall(long value) {
    return value == (int) value;
  }

  private static Object integer(String operator, BigInteger a, BigInteger b) {
    return switch (operator) {
      case "+" -> narrow(a.add(b));
      case "-" -> narrow(a.subtract(b));
      case "*" -> narrow(a.multiply(b));
      case "/" -> {
        nonZero(b.signum(), "division by zero");
        double quotient =
            new BigDecimal(a).divide(new BigDecimal(b), new MathContext(40)).doubleValue();
        yield a.signum() == 0 && b.signum() < 0 ? -quotient : quotient;
      }
      case "//" -> {
        nonZero(b.signum(), "division by zero");
        BigInteger[] parts = a.divideAndRemainder(b);
        boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
        yield narrow(below ? parts[0].subtract(BigInteger.ONE) : parts[0]);
      }
      case "%" -> {
        nonZero(b.signum(), "division by zero");
        BigInteger rest = a.remainder(b);
        yield narrow(rest.signum() != 0 && rest.signum() != b.signum() ? rest.add(b) : rest);
      }
      case "**" -> power(a, b);
      default -> throw new AssertionError(operator);
    };
  }

  private static Object power(BigInteger a, BigInteger b) {
    if (b.signum() < 0) {
      nonZero(a.signum(), "zero to a negative power");
      return Math.pow(real(narrow(a)), b.doubleValue());
    }
    boolean small = a.abs().bitLength() <= 1;
    if (!small && (b.bitLength() > 20 || (long) a.bitLength() * b.intValue() > 2L * MAX_BITS)) {
      throw new Problem("integer of more than " + MAX_BITS + " bits");
    }
    return narrow(small ? a.pow(b.signum() == 0 ? 0 : b.testBit(0) ? 1 : 2) : a.pow(b.intValue()));
  }

  private static Object real(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> {
        nonZero(b, "division by zero");
        yield a / b;
      }
      case "//" -> {
        nonZero(b, "division by zero");
        yield floorDivision(a, b);
      }
      case "%" -> {
        nonZero(b, "division by zero");
        yield modulo(a, b);
      }
      case "**" -> {
        if (a == 0 && b < 0) {
          throw new Problem("zero to a negative power");
        }
        double power = Math.pow(a, b);
        if (Double.isNaN(power) && !Double.isNaN(a) && !Double.isNaN(b)) {
          throw new Problem("complex numbers are not supported");
        }
        if (Double.isInfinite(power) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
          throw new Problem("(34, 'Numerical result out of range')");
        }
        yield power;
      }
      default -> throw new AssertionError(operator);
    };
  }

  private static double floorDivision(double a, double b) {
    double quotient = (a - modulo(a, b)) / b;
    if (quotient == 0) {
      return Math.copySign(0.0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0.0, b);
    }
    return (rest < 0) != (b < 0) ? rest + b : rest;
  }

  private static void nonZero(double divisor, String otherwise) {
    if (divisor == 0) {
      throw new Problem(otherwise);
    }
  }

  static Object negate(Object number) {
    return number instanceof Double d ? (Object) (-d) : narrow(big(number).negate());
  }

  static Object plus(Object number) {
    return number instanceof Double d ? d : narrow(big(number));
  }

  /** Exact, also between integers and floats; NaN must be excluded by the caller. */
  static int compare(Object a, Object b) {
    if (a instanceof Double x && b instanceof Double y) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    if (a instanceof Double x && Double.isInfinite(x)) {
      return x > 0 ? 1 : -1;
    }
    if (b instanceof Double y && Double.isInfinite(y)) {
      return y > 0 ? -1 : 1;
    }
    return decimal(a).compareTo(decimal(b));
  }

  private static BigDecimal decimal(Object number) {
    return number instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(number));
  }

  static boolean isNan(Object value) {
    return value instanceof Double d && Double.isNaN(d);
  }

  /** Python's {@code int(float)}. */
  static Object truncate(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      throw new Problem("cannot convert float " + repr(value) + " to integer");
    }
    return narrow(new BigDecimal(value).toBigInteger());
  }

  /** Python's {@code round(value, digits)}: half to even on the exact binary value. */
  static Object round(Object number, int digits) {
    if (number instanceof Double d) {
      if (Double.isNaN(d) || Double.isInfinite(d) || digits > 400) {
        return d;
      }
      double rounded =
          new BigDecimal(d).setScale(Math.max(digits, -400), RoundingMode.HALF_EVEN).doubleValue();
      return Math.copySign(rounded, d);
    }
    BigDecimal value = new BigDecimal(big(number));
    return digits >= 0
        ? narrow(big(number))
        : narrow(value.setScale(Math.max(digits, -5000), RoundingMode.HALF_EVEN).toBigInteger());
  }

  /** Shortest digits that read back as the same double, in Python's notation. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = shortest.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    String power = (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "");
    return (value < 0 ? "-" : "") + mantissa + "e" + power + Math.abs(exponent);
  }

  /** Python's {@code int(text, base)}, or null. */
  static @Nullable Object parseInteger(String text, int base) {
    String digits = Characters.strip(text).toLowerCase(Locale.ROOT);
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int radix = base;
    String prefix = digits.length() > 1 ? digits.substring(0, 2) : "";
    int named = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
    if (named != 0 && (base == 0 || base == named)) {
      radix = named;
      digits = digits.substring(2);
      if (digits.startsWith("_")) {
        digits = digits.substring(1);
      }
    } else if (base == 0) {
      if (digits.matches("0[0-9_]*[1-9][0-9_]*")) {
        return null;
      }
      radix = 10;
    }
    if (radix < 2 || radix > 36 || !digits.matches("[\\p{L}\\p{Nd}]+(_[\\p{L}\\p{Nd}]+)*")) {
      return null;
    }
    if (digits.length() > 4300) {
      return null;
    }
    StringBuilder ascii = new StringBuilder(negative ? "-" : "");
    for (int cp : digits.replace("_", "").codePoints().toArray()) {
      int digit = Character.digit(cp, radix);
      if (digit < 0) {
        return null;
      }
      ascii.append(Character.forDigit(digit, radix));
    }
    return narrow(new BigInteger(ascii.toString(), radix));
  }

  /** Python's {@code float(text)}, or null. */
  static @Nullable Double parseReal(String text) {
    String number = Characters.strip(text).toLowerCase(Locale.ROOT);
    if (number.matches("[+-]?(inf|infinity)")) {
      return number.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    if (number.matches("[+-]?nan")) {
      return Double.NaN;
    }
    String digits = "[0-9]+(_[0-9]+)*";
    if (!number.matches("[+-]?(D\\.?|D\\.D|\\.D)(e[+-]?D)?".replace("D", "(" + digits + ")"))) {
      return null;
    }
    return Double.valueOf(number.replace("_", ""));
  }
}
