package org.vesalius.runtime.vision.image;

/**
 * Resampling kernels of Pillow, by the names and numbers that {@code preprocessor_config.json}
 * uses.
 *
 * <p>Each is stretched by the scale when a picture shrinks (antialiasing). Source: Pillow, {@code
 * Resample.c}.
 */
public enum Filter {
  LANCZOS(1, 3),
  BILINEAR(2, 1),
  BICUBIC(3, 2),
  BOX(4, 0.5),
  HAMMING(5, 1);

  private final int pillowCode;
  private final double support;

  Filter(int pillowCode, double support) {
    this.pillowCode = pillowCode;
    this.support = support;
  }

  /**
   * Kernel of a {@code resample} number.
   *
   * @throws IllegalArgumentException for numbers without an antialiasing kernel, nearest (0) among
   *     them
   */
  public static Filter ofPillowCode(int code) {
    for (Filter filter : values()) {
      if (filter.pillowCode == code) {
        return filter;
      }
    }
    throw new IllegalArgumentException(
        "resample: expected 1 (lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 (hamming), found "
            + code);
  }

  /** The number in {@code preprocessor_config.json}. */
  public int pillowCode() {
    return pillowCode;
  }

  /** Half the width of the kernel at scale one. */
  double support() {
    return support;
  }

  /**
   * Value of the kernel at distance {@code x}; the exact order of operations decides the last bit.
   */
  double weight(double x) {
    double d = Math.abs(x);
    return switch (this) {
      case BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
      case BILINEAR -> d < 1 ? 1 - d : 0;
      case BICUBIC -> {
        double a = -0.5;
        yield d < 1
            ? ((a + 2) * d - (a + 3)) * d * d + 1
            : d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
      }
      case HAMMING -> {
        if (d == 0) {
          yield 1;
        }
        double t = d * Math.PI;
        yield d >= 1 ? 0 : StrictMath.sin(t) / t * (0.54f + 0.46f * StrictMath.cos(t));
      }
      case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    };
  }

  private static double sinc(double x) {
    double t = x * Math.PI;
    return x == 0 ? 1 : StrictMath.sin(t) / t;
  }
}
