package org.vesalius.runtime.vision.image;

/**
 * For every output position along one axis: where its input window starts, how long it is, and its
 * weights.
 *
 * <p>Source: Pillow, {@code Resample.c}, {@code precompute_coeffs} and {@code
 * normalize_coeffs_8bpc}.
 */
final class FilterTaps {
  /**
   * Fraction bits of the fixed-point weights: 8 bits of sample and 2 of headroom are left in an
   * int.
   */
  static final int PRECISION_BITS = 32 - 8 - 2;

  final int stride;
  final int[] starts;
  final int[] lengths;
  final double[] weights; // (positions, stride)

  FilterTaps(int inSize, int outSize, Filter filter) {
    double scale = (double) inSize / outSize;
    double stretch = Math.max(scale, 1);
    double support = filter.support() * stretch;
    double shrink = 1 / stretch;
    stride = Math.multiplyExact(2, (int) Math.ceil(support)) + 1;
    starts = new int[outSize];
    lengths = new int[outSize];
    weights = new double[Math.multiplyExact(outSize, stride)];
    for (int i = 0; i < outSize; i++) {
      double centre = (i + 0.5) * scale;
      int start = Math.max(0, (int) (centre - support + 0.5));
      int length = Math.min(inSize, (int) (centre + support + 0.5)) - start;
      double sum = 0;
      int at = i * stride;
      for (int t = 0; t < length; t++) {
        weights[at + t] = filter.weight((t + start - centre + 0.5) * shrink);
        sum += weights[at + t];
      }
      for (int t = 0; t < length && sum != 0; t++) {
        weights[at + t] /= sum;
      }
      starts[i] = start;
      lengths[i] = length;
    }
  }

  /** The weights times 2^22, rounded half away from zero. */
  int[] fixedPoint() {
    int[] fixed = new int[weights.length];
    for (int i = 0; i < fixed.length; i++) {
      fixed[i] = fixedPoint(i);
    }
    return fixed;
  }

  int fixedPoint(int i) {
    double scaled = weights[i] * (1 << PRECISION_BITS);
    return (int) (weights[i] < 0 ? scaled - 0.5 : scaled + 0.5);
  }
}
