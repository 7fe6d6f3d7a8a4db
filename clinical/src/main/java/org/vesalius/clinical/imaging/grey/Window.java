package org.vesalius.clinical.imaging.grey;

import java.util.Locale;

/**
 * A window of values that are shown: what lies below is black, what lies above white.
 *
 * @param centre the value of middle brightness, in units of the modality
 * @param width how many units there are from black to white; at least 1 for {@link
 *     Function#LINEAR}, above 0 for the others
 * @param function how brightness grows between
 */
public record Window(double centre, double width, Function function) implements VoiTransform {

  /** How brightness grows (PS3.3 C.11.2.1.2 and C.11.2.1.3). */
  public enum Function {
    /**
     * DICOM's default: evenly between {@code centre - 0.5 - (width - 1) / 2} and {@code centre -
     * 0.5 + (width - 1) / 2}, made for whole numbers.
     */
    LINEAR,
    /** Evenly between {@code centre - width / 2} and {@code centre + width / 2}. */
    LINEAR_EXACT,
    /** By a sigmoid curve. */
    SIGMOID
  }

  /** Checks the numbers. */
  public Window {
    boolean wideEnough = function == Function.LINEAR ? width >= 1 : width > 0;
    if (!Double.isFinite(centre) || !Double.isFinite(width) || !wideEnough) {
      throw new IllegalArgumentException(
          "window: expected a centre and a width of %s, found centre %s and width %s"
              .formatted(
                  function == Function.LINEAR ? "at least 1" : "more than 0",
                  number(centre),
                  number(width)));
    }
  }

  /** A window from the darkest to the brightest value. */
  public static Window ofRange(double darkest, double brightest) {
    double width = Math.min(brightest - darkest, Double.MAX_VALUE);
    double middle = darkest / 2 + brightest / 2;
    // A picture of one value is shown in middle grey.
    return new Window(
        middle, width > 0 ? width : Math.max(1, Math.ulp(darkest)), Function.LINEAR_EXACT);
  }

  @Override
  public double apply(double value) {
    return switch (function) {
      case LINEAR -> linear(value, centre - 0.5, width - 1);
      case LINEAR_EXACT -> linear(value, centre, width);
      case SIGMOID -> Double.isNaN(value) ? 0 : 1 / (1 + Math.exp(-4 * (value - centre) / width));
    };
  }

  private static double linear(double value, double middle, double range) {
    double darkest = middle - range / 2;
    // The first comparison is false for what is no number, too.
    if (!(value > darkest)) {
      return 0;
    }
    return value > middle + range / 2 ? 1 : Math.min(1, (value - darkest) / range);
  }

  @Override
  public String description() {
    String numbers = "centre " + number(centre) + ", width " + number(width);
    return function == Function.LINEAR
        ? numbers
        : numbers + ", " + function.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Float.toString((float) value);
  }
}
