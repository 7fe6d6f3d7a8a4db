package org.vesalius.clinical.tools;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.Collectors;

/** Numbers as people and models read them. */
final class Numbers {
  private Numbers() {}

  /** A number as it is, whole ones without a fraction. */
  static String plain(double number) {
    return Double.isFinite(number)
        ? new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString()
        : Double.toString(number);
  }

  /** With at most {@code digits} digits after the point. */
  static String rounded(double number, int digits) {
    return Double.isFinite(number)
        ? strip(new BigDecimal(Double.toString(number)).setScale(digits, RoundingMode.HALF_UP))
        : Double.toString(number);
  }

  /** With at most {@code digits} digits that count. */
  static String significant(double number, int digits) {
    return Double.isFinite(number)
        ? strip(
            new BigDecimal(Double.toString(number))
                .round(new MathContext(digits, RoundingMode.HALF_UP)))
        : Double.toString(number);
  }

  private static String strip(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  /** As a list in brackets. */
  static String list(List<Double> numbers) {
    return numbers.stream().map(Numbers::plain).collect(Collectors.joining(", ", "[", "]"));
  }
}
