package org.vesalius.clinical.imaging.dicom;

/**
 * The inverse discrete cosine transform of the Independent JPEG Group's library in its slow and
 * accurate integer form, to the bit: what nearly every decoder of medical images computes. Source
 * of the method: Loeffler, Ligtenberg and Moschytz, ICASSP 1989.
 */
final class InverseDct {
  private static final int SCALE = 13;

  // Cosines and their sums, times 2^13.
  private static final int C0_298 = 2446;
  private static final int C0_390 = 3196;
  private static final int C0_541 = 4433;
  private static final int C0_765 = 6270;
  private static final int C0_899 = 7373;
  private static final int C1_175 = 9633;
  private static final int C1_501 = 12299;
  private static final int C1_847 = 15137;
  private static final int C1_961 = 16069;
  private static final int C2_053 = 16819;
  private static final int C2_562 = 20995;
  private static final int C3_072 = 25172;

  private final int[] work = new int[64];
  private final int between;
  private final int centre;
  private final int max;

  InverseDct(int precision) {
    // Fraction bits between the passes; 12 bits of precision leave room for one only.
    this.between = precision == 8 ? 2 : 1;
    this.centre = 1 << (precision - 1);
    this.max = (1 << precision) - 1;
  }

  /** Samples of a block of 64 coefficients in natural order, clipped to the precision. */
  void apply(short[] coefficients, int from, int[] steps, short[] out, int at, int stride) {
    for (int i = 0; i < 64; i++) {
      work[i] = coefficients[from + i] * steps[i];
    }
    for (int x = 0; x < 8; x++) {
      transform(x, 8, SCALE - between);
    }
    for (int y = 0; y < 8; y++) {
      transform(8 * y, 1, SCALE + between + 3);
      for (int x = 0; x < 8; x++) {
        out[at + y * stride + x] = (short) Math.clamp((long) work[8 * y + x] + centre, 0, max);
      }
    }
  }

  private void transform(int at, int step, int shift) {
    int in1 = work[at + step];
    int in3 = work[at + 3 * step];
    int in5 = work[at + 5 * step];
    int in7 = work[at + 7 * step];
    int both = (work[at + 2 * step] + work[at + 6 * step]) * C0_541;
    int even2 = both - work[at + 6 * step] * C1_847;
    int even3 = both + work[at + 2 * step] * C0_765;
    int even0 = (work[at] + work[at + 4 * step]) << SCALE;
    int even1 = (work[at] - work[at + 4 * step]) << SCALE;

    int all = (in7 + in3 + in5 + in1) * C1_175;
    int z1 = -(in7 + in1) * C0_899;
    int z2 = -(in5 + in3) * C2_562;
    int z3 = all - (in7 + in3) * C1_961;
    int z4 = all - (in5 + in1) * C0_390;
    int odd0 = in7 * C0_298 + z1 + z3;
    int odd1 = in5 * C2_053 + z2 + z4;
    int odd2 = in3 * C3_072 + z2 + z3;
    int odd3 = in1 * C1_501 + z1 + z4;

    int half = 1 << (shift - 1);
    put(at, step, 0, even0 + even3, odd3, half, shift);
    put(at, step, 1, even1 + even2, odd2, half, shift);
    put(at, step, 2, even1 - even2, odd1, half, shift);
    put(at, step, 3, even0 - even3, odd0, half, shift);
  }

  private void put(int at, int step, int index, int even, int odd, int half, int shift) {
    work[at + index * step] = (even + odd + half) >> shift;
    work[at + (7 - index) * step] = (even - odd + half) >> shift;
  }
}
