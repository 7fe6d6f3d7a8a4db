package org.vesalius.kernels;

/**
 * How far a backend may be from the definition: the one place where error bounds are made. Each is
 * computed from the length of the operation, the unit roundoff of binary32 and the magnitudes that
 * were summed, and holds for any order of summation.
 *
 * <p>The error of a sum of {@code n} terms is at most {@code n u Σ|terms|}, but with rounding
 * errors of both signs it stays below {@code λ sqrt(n) u Σ|terms|} (Higham and Mary 2019). The
 * smaller of the two is used: the first would let a forgotten term of a long dot product pass.
 */
public final class Tolerance {
  /** Unit roundoff of binary32: the largest relative error of one rounding. */
  public static final double ROUNDOFF = 0x1p-24;

  /** How many standard deviations {@code λ} the errors of a sum may pile up. */
  private static final double DEVIATIONS = 6;

  private Tolerance() {}

  /** Relative error of a sum of {@code length} products. */
  public static double sum(int length) {
    double worst = length + 1.0;
    return ROUNDOFF * Math.min(worst, 2 + DEVIATIONS * Math.sqrt(length));
  }

  /**
   * Absolute error of a dot product and a bias.
   *
   * @param length number of products
   * @param magnitudes {@code Σ|a·b|}, the bias included
   */
  public static double dot(int length, double magnitudes) {
    return sum(length) * magnitudes + ROUNDOFF * magnitudes + length * (double) Float.MIN_VALUE;
  }

  /**
   * Numbers that activations which are rounded for a weight may be wrong by: times the magnitudes
   * of the weight, they are the error of the product.
   *
   * @param x {@code (tokens, columns)}
   * @param group columns that share a scale
   */
  public static float[] steps(ActivationRounding rounding, float[] x, int columns, int group) {
    float[] steps = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      steps[i] =
          switch (rounding) {
            case NONE -> 0;
            case BF16 -> Math.abs(x[i]) * 0x1p-8f;
            case FP8 -> {
              int row = i - i % columns;
              float scale = ActivationRounding.largest(x, row, row + columns) / Float8.LARGEST;
              // Half a step of three bits of mantissa, or of the smallest numbers, and as below.
              float half = Math.max(Math.abs(x[i]) * 0x1p-4f, scale * 0x1p-10f);
              yield scale < Float.MIN_NORMAL
                  ? Math.abs(x[i])
                  : half + 4 * (float) ROUNDOFF * Math.abs(x[i]);
            }
            case INT8 -> {
              int row = i - i % columns;
              int first = row + (i - row) / group * group;
              float largest =
                  ActivationRounding.largest(x, first, Math.min(first + group, row + columns));
              // Half a step, the roundoff of scale and quotient, and what is too small for a scale.
              float half = largest / 254 + 4 * (float) ROUNDOFF * largest;
              yield largest / 127 < Float.MIN_NORMAL ? largest : half;
            }
          };
    }
    return steps;
  }

  /**
   * Relative error of a sum of products beyond that of binary32, against the sum of their
   * magnitudes: what units for small numbers may lose inside.
   */
  public static double units(ActivationRounding rounding) {
    return rounding == ActivationRounding.FP8 ? 0x1p-12 : 0;
  }

  /** Absolute error of a root mean square norm of {@code length} numbers with the result. */
  public static double norm(int length, double result) {
    // Half of the sum's error survives the square root; root, division and two products follow.
    return Math.abs(result) * (sum(length) / 2 + 6 * ROUNDOFF) + Float.MIN_NORMAL;
  }

  /**
   * Absolute error of one number of a layer norm that takes the mean first and the variance of what
   * is left.
   *
   * <p>An error of the mean moves every number by itself and the variance by its square; the
   * variance's own errors survive the square root by half.
   *
   * @param length numbers of a row
   * @param magnitude mean of {@code |x|} of the row
   * @param variance variance of the row plus epsilon
   * @param centred {@code |x - mean|}
   * @param gain the number's gain
   * @param bias the number's bias
   */
  public static double layerNorm(
      int length, double magnitude, double variance, double centred, double gain, double bias) {
    double mean = sum(length) * magnitude + ROUNDOFF * magnitude;
    double spread = sum(length) + 3 * ROUNDOFF + mean * mean / variance;
    double scaled = Math.abs(gain) / Math.sqrt(variance);
    return scaled * (mean + centred * (spread / 2 + 6 * ROUNDOFF))
        + 2 * ROUNDOFF * (scaled * centred + Math.abs(bias))
        + Float.MIN_NORMAL;
  }

  /** Relative error of a share of a softmax over {@code experts}, the logits being exact. */
  public static double share(int experts) {
    return 2 * sum(experts) + 8 * ROUNDOFF;
  }

  /** Absolute error of {@code a * c + b * s} with {@code |a c| + |b s|}. */
  public static double rotation(double magnitudes) {
    return 3 * ROUNDOFF * magnitudes + Float.MIN_NORMAL;
  }

  /** Absolute error of a cosine or sine times a factor, the angle being exact. */
  public static double trigonometric(double factor) {
    return 4 * ROUNDOFF * Math.abs(factor);
  }

  /**
   * Absolute error of an activation of {@code x} with a result.
   *
   * <p>The exponent is rounded up to five times before the exponential is taken of it, which turns
   * its absolute error into a relative one. The definition computes in double and loses what is
   * below its own roundoff times {@code x}; exponentials below the smallest normal number may be
   * zero.
   */
  public static double activation(Activation activation, double x, double result) {
    double exponent =
        switch (activation) {
          case SILU -> Math.abs(x);
          case QUICK_GELU -> 1.702 * Math.abs(x);
          case GELU -> x * x / 2;
          case GELU_TANH -> Math.abs(x) * (1.6 + 0.072 * x * x);
        };
    double relative = ROUNDOFF * (10 + 5 * Math.min(exponent, 100));
    double vanishing = Float.MIN_NORMAL * Math.max(1, Math.abs(x)) + 0x1p-52 * Math.abs(x);
    return relative * Math.abs(result) + (Double.isFinite(x) ? vanishing : 0);
  }

  /**
   * Absolute error of one number of attention.
   *
   * <p>A score is wrong by the error of its dot product; softmax turns the largest of these into a
   * relative error of the weights, twice, in numerator and denominator.
   *
   * @param headSize length of the dot products of scores
   * @param keys number of keys that are summed over
   * @param scores largest {@code scale * Σ|q·k|} of the query
   * @param values {@code Σ weight * |value|}
   */
  public static double attention(int headSize, int keys, double scores, double values) {
    return attention(ActivationRounding.NONE, headSize, keys, scores, values);
  }

  /**
   * Absolute error of one number of attention that rounds what {@link Kernels#attentionRounding}
   * says, where the definition was given queries, keys and values that are rounded already: the
   * weights are left, each of which is wrong by half a step and by its exponential, in numerator
   * and denominator.
   */
  public static double attention(
      ActivationRounding rounding, int headSize, int keys, double scores, double values) {
    double weight =
        switch (rounding) {
          case NONE -> 0;
          case BF16 -> 0x1p-8 + 0x1p-17;
          case INT8, FP8 ->
              throw new IllegalArgumentException("attention does not round to 8 bits");
        };
    double score = (sum(headSize) + 4 * ROUNDOFF) * scores + 4 * ROUNDOFF;
    double rounded = Math.log1p(weight) - Math.log1p(-weight);
    double weights = Math.expm1(2 * score + rounded) + 2 * sum(keys) + 8 * ROUNDOFF;
    return weights * values + Float.MIN_NORMAL * keys;
  }
}
