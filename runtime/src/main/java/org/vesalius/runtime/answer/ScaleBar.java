package org.vesalius.runtime.answer;

import java.util.Locale;

/**
 * A bar of a round length that shows how large things are in a picture.
 *
 * @param millimetresPerPixel along its rows
 * @param note what has to be known about these millimetres, or empty
 */
public record ScaleBar(double millimetresPerPixel, String note) {
  private static final double[] STEPS = {5, 2, 1};

  /** Checks the number. */
  public ScaleBar {
    if (!(millimetresPerPixel > 0) || Double.isInfinite(millimetresPerPixel)) {
      throw new IllegalArgumentException(
          "scale bar: expected millimetres above 0 for a pixel, found " + millimetresPerPixel);
    }
  }

  /** The largest of 1, 2 and 5 times a power of ten that is at most so many pixels long. */
  double millimetres(double mostPixels) {
    double most = mostPixels * millimetresPerPixel;
    double power = Math.pow(10, Math.floor(Math.log10(most)));
    for (double step : STEPS) {
      if (step * power <= most) {
        return step * power;
      }
    }
    return power;
  }

  /** A length as people write it. */
  String text(double millimetres) {
    String length;
    if (millimetres >= 10) {
      length = number(millimetres / 10) + " cm";
    } else if (millimetres >= 1) {
      length = number(millimetres) + " mm";
    } else {
      length = number(1000 * millimetres) + " µm";
    }
    return note.isEmpty() ? length : length + " " + note;
  }

  private static String number(double value) {
    return value >= 1
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.1g", value);
  }
}
