package org.vesalius.clinical.imaging.grey;

import java.util.Arrays;
import java.util.Optional;

/**
 * Between which values those of a picture lie.
 *
 * @param least smallest value
 * @param most largest value
 */
public record ValueRange(double least, double most) {
  /** A sample of this size is enough for a percentile that is looked at. */
  private static final int SAMPLE = 1 << 18;

  /** The range of all finite values that are not padding; empty where there is none. */
  public static Optional<ValueRange> of(GreyValues values) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < values.count(); i++) {
      double value = values.value(i);
      if (!values.isPadding(i) && Double.isFinite(value)) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    return least <= most ? Optional.of(new ValueRange(least, most)) : Optional.empty();
  }

  /**
   * The range without the share {@code tail} at either end, so that a few extreme pixels do not
   * make all others dark. Of large pictures every n-th pixel counts.
   */
  public static Optional<ValueRange> without(double tail, GreyValues values) {
    int step = Math.max(1, values.count() / SAMPLE);
    double[] sample = new double[(values.count() + step - 1) / step];
    int count = 0;
    for (int i = 0; i < values.count(); i += step) {
      double value = values.value(i);
      if (!values.isPadding(i) && Double.isFinite(value)) {
        sample[count++] = value;
      }
    }
    if (count == 0) {
      return of(values);
    }
    Arrays.sort(sample, 0, count);
    int cut = (int) Math.floor(tail * (count - 1));
    ValueRange range = new ValueRange(sample[cut], sample[count - 1 - cut]);
    return range.least < range.most ? Optional.of(range) : of(values);
  }
}
