package org.vesalius.kernels.reference;

/** The Gauss error function, which the JDK lacks. */
final class ErrorFunction {
  private ErrorFunction() {}

  /**
   * {@code erf(x)} to double precision: the Maclaurin series below 3 (Abramowitz and Stegun 7.1.5,
   * summed in the form 7.1.6 whose terms are all positive) and the continued fraction of the
   * complement (7.1.14) above.
   */
  static double erf(double x) {
    double a = Math.abs(x);
    if (Double.isNaN(a)) {
      return x;
    }
    double result;
    if (a < 3) {
      double term = a;
      double sum = a;
      for (int n = 1; term > sum * 1e-17; n++) {
        term *= 2 * a * a / (2 * n + 1);
        sum += term;
      }
      result = 2 / Math.sqrt(Math.PI) * Math.exp(-a * a) * sum;
    } else if (a < 6) {
      double fraction = a;
      for (int n = 60; n >= 1; n--) {
        fraction = a + n / 2.0 / fraction;
      }
      result = 1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction);
    } else {
      result = 1;
    }
    return x < 0 ? -result : result;
  }
}
