package org.vesalius.kernels;

/**
 * What a token weighs among others in {@link Kernels#sample}: a whole number, so that sums of
 * weights are the same in any order of summation. It is {@code floor(2^40 * 2^t)} with {@code t =
 * (logit - top) * log2(e) / temperature}, so nothing below a trillionth of the likeliest token is
 * ever drawn.
 *
 * <p>To the bit the same everywhere, because it is a fixed sequence of operations of binary32, each
 * rounded by itself: {@code factor = min(log2(e) / temperature, MAX)}; {@code t = (logit - top) *
 * factor}; {@code n} the integer nearest to {@code t}, of two the even one; a polynomial of degree
 * 6 for {@code 2^(t - n)} by Horner's rule, not fused; that times {@code 2^(40 + n)}, which is
 * exact. The coefficients are the ones whose largest relative error from -0.5 to 0.5 is least,
 * {@code 2^-28.9}; after rounding it is {@code 2^-23.2}.
 */
public final class TokenWeight {
  private static final int BITS = 40;

  /** The weight of the likeliest token. */
  public static final long LARGEST = 1L << BITS;

  private static final float LOG2_E = 0x1.715476p0f;
  private static final float C1 = 0x1.62e430p-1f;
  private static final float C2 = 0x1.ebfbdcp-3f;
  private static final float C3 = 0x1.c6aee8p-5f;
  private static final float C4 = 0x1.3b2d4cp-7f;
  private static final float C5 = 0x1.5f3e54p-10f;
  private static final float C6 = 0x1.41fbb8p-13f;

  /** 1.5 * 2^23: what is added to it and taken off again has been rounded to an integer. */
  private static final float ROUNDS = 0x1.8p23f;

  private TokenWeight() {}

  /** The factor for a temperature above 0. */
  public static float factor(float temperature) {
    return Math.min(LOG2_E / temperature, Float.MAX_VALUE);
  }

  /**
   * The weight of a token.
   *
   * @param logit after penalties
   * @param top the largest logit after penalties
   * @param factor by {@link #factor}
   */
  public static long of(float logit, float top, float factor) {
    float t = (logit - top) * factor;
    if (t < -BITS) {
      return 0;
    }
    float n = (t + ROUNDS) - ROUNDS;
    float f = t - n;
    float power = (((((C6 * f + C5) * f + C4) * f + C3) * f + C2) * f + C1) * f + 1;
    return (long) (power * Float.intBitsToFloat(((int) n + BITS + 127) << 23));
  }
}
