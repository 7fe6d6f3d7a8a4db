package org.vesalius.kernels;

/** How a backend rounds activations before it multiplies them with a weight, or in attention. */
public enum ActivationRounding {
  /** Not at all. */
  NONE,

  /** Each to the nearest bfloat16, of two equally near ones to the even one. */
  BF16,

  /**
   * Per token and group of the weight's columns ({@link Weight.Int8#GROUP} or {@link
   * Weight.Int4#GROUP}) to integers: the scale is {@code absmax / 127}, the integer {@code x /
   * scale} rounded half to even. A group whose scale would be below {@link Float#MIN_NORMAL} is
   * zero; with a number that is not finite its scale is NaN. The products of a group are summed
   * exactly in 32-bit integers, and groups are added in order with one fused multiply-add each: for
   * {@code Int8} {@code sum = fma(isum, weightScale * scale, sum)}, for {@code Int4} the same and
   * then {@code sum = fma(minimum, xsum * scale, sum)} with the sum {@code xsum} of the group's
   * integers. Every backend that rounds so computes the same bits.
   */
  INT8,

  /**
   * Per token to {@link Float8} numbers, for {@link Weight.Fp8}: the scale is {@code absmax / 448},
   * the number that nearest to {@code x / scale}. A token whose scale would be below {@link
   * Float#MIN_NORMAL} is zero; with a number that is not finite its scale is NaN. Products are
   * exact and summed in binary32, in any order; the sum is multiplied with {@code weightScale *
   * scale}. Units that sum up to 128 products in fewer bits may err by {@code 2^-12} of the sum of
   * their magnitudes.
   */
  FP8;

  /** {@code absmax}: the largest magnitude among the numbers that share a scale. */
  public static float largest(float[] x, int from, int to) {
    float largest = 0;
    for (int i = from; i < to; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    return largest;
  }
}
