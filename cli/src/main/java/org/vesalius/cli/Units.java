package org.vesalius.cli;

import java.util.Locale;

/** Numbers for people. */
final class Units {
  private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB"};
  private static final String[] COUNTS = {"", " thousand", " million", " billion", " trillion"};

  private Units() {}

  /** {@code 7.3 MB}; thousands, as memory vendors and file managers count. */
  static String bytes(long value) {
    return bytes((double) value);
  }

  /** {@code 12.5 GB}, of a rate for example. */
  static String bytes(double value) {
    return scaled(value, BYTES, " ");
  }

  /** {@code 3.6 million}. */
  static String count(long value) {
    return scaled((double) value, COUNTS, "");
  }

  /** {@code 1.25}: digits after the point as the size of the number needs. */
  static String number(double value) {
    double size = Math.abs(value);
    String format =
        size >= 100 || value == Math.rint(value) ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f%%", 100 * share);
  }

  static double millis(long nanos) {
    return Math.round(nanos / 1e3) / 1e3;
  }

  private static String scaled(double value, String[] names, String separator) {
    int step = 0;
    while (value >= 1000 && step < names.length - 1) {
      value /= 1000;
      step++;
    }
    return number(value) + separator + names[step];
  }
}
