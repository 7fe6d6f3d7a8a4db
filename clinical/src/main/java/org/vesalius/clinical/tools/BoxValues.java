package org.vesalius.clinical.tools;

import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.runtime.answer.Region;

/**
 * The values of the pixels whose centres lie in a box; padding and what is no number left out.
 *
 * @param count of the pixels
 * @param mean of their values
 * @param least of them
 * @param most of them
 */
record BoxValues(long count, double mean, double least, double most) {

  /** In a box in pixels of the source. */
  static BoxValues of(GreyFrame frame, Region.Box box) {
    GreyValues values = frame.values();
    int left = first(box.x0());
    int right = Math.min(first(box.x1()), values.width());
    int top = first(box.y0());
    int bottom = Math.min(first(box.y1()), values.height());
    long count = 0;
    double sum = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        int at = y * values.width() + x;
        double value = values.value(at);
        if (!values.isPadding(at) && Double.isFinite(value)) {
          count++;
          sum += value;
          least = Math.min(least, value);
          most = Math.max(most, value);
        }
      }
    }
    return new BoxValues(count, sum / count, least, most);
  }

  /** The first pixel whose centre is at or behind a place. */
  private static int first(double place) {
    return Math.max(0, (int) Math.ceil(place - 0.5));
  }

  String description(GreyFrame.Quantity quantity) {
    if (count == 0) {
      return "No pixel of the source has its centre in the box and a value.";
    }
    String unit =
        switch (quantity) {
          case HOUNSFIELD -> " HU";
          case BRIGHTNESS, OTHER, UNKNOWN -> "";
        };
    String what =
        switch (quantity) {
          case HOUNSFIELD -> "Values";
          case BRIGHTNESS -> "Brightness, 0 to 255";
          case OTHER -> "Values, in units of the file";
          case UNKNOWN -> "Values, in units that the file does not name";
        };
    return "%s: mean %s%s, least %s%s, most %s%s, of %d pixels."
        .formatted(
            what,
            Numbers.rounded(mean, 2),
            unit,
            Numbers.rounded(least, 2),
            unit,
            Numbers.rounded(most, 2),
            unit,
            count);
  }
}
