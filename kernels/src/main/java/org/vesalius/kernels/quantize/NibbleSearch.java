package org.vesalius.kernels.quantize;

import java.util.Arrays;
import org.vesalius.kernels.Weight;

/**
 * Finds scale and minimum of groups of 4-bit integers by least squared error.
 *
 * <p>Rounding between the smallest and the largest number of a group spends its 16 steps on its
 * outliers. This search looks at the whole range and at ranges cut at either end, and from the best
 * goes back and forth between the best integers for a scale and a minimum (the nearest) and the
 * best scale and minimum for the integers (least squares). Scale and minimum are binary16 numbers
 * whenever an error is measured, and the pair with the least error wins, so the result is never
 * worse than plain rounding between the extremes.
 *
 * <p>{@link #SIDE} groups are searched side by side, which makes the loops over numbers vector
 * loops; long ones, because what comes before and after the vectors is scalar.
 */
final class NibbleSearch {
  /** Groups that are searched side by side. */
  static final int SIDE = 256;

  private static final int GROUP = Weight.Int4.GROUP;
  private static final int BYTES = Weight.Int4.GROUP_BYTES;
  private static final float LARGEST = 15;

  /** The largest binary16 number. */
  private static final float LARGEST_HALF = 65504;

  /** Adding and taking it away rounds to a whole number, half to even. */
  private static final float ROUNDER = 0x1.8p23f;

  /** Shares of the range that are cut at the lower and at the upper end. */
  private static final float[][] CUTS = {
    {0, 0},
    {0.03f, 0.03f},
    {0.06f, 0.06f},
    {0.09f, 0.09f},
    {0.12f, 0.12f},
    {0.18f, 0.18f},
    {0.03f, 0},
    {0.06f, 0},
    {0.09f, 0},
    {0.12f, 0},
    {0, 0.03f},
    {0, 0.06f},
    {0, 0.09f},
    {0, 0.12f}
  };

  /** Steps of least squares from the best start. */
  private static final int STEPS = 2;

  /** Column by column, less the mean of the group; zeros behind the last column. */
  private final float[][] x = new float[GROUP][SIDE];

  private final float[] count = new float[SIDE];
  private final float[] mean = new float[SIDE];
  private final float[] low = new float[SIDE];
  private final float[] high = new float[SIDE];
  private final float[] squares = new float[SIDE];

  private final float[] scale = new float[SIDE];
  private final float[] minimum = new float[SIDE];
  private final float[] inverse = new float[SIDE];
  private final float[] shift = new float[SIDE];
  private final float[] sumQ = new float[SIDE];
  private final float[] sumQq = new float[SIDE];
  private final float[] sumQx = new float[SIDE];

  private final float[] bestError = new float[SIDE];
  private final float[] bestScale = new float[SIDE];
  private final float[] bestMinimum = new float[SIDE];
  private final float[] bestQ = new float[SIDE];
  private final float[] bestQq = new float[SIDE];
  private final float[] bestQx = new float[SIDE];
  private final short[] scales = new short[SIDE];
  private final short[] minimums = new short[SIDE];
  private final int[] packed = new int[SIDE];

  /** Sets group {@code g} to {@code width} numbers. */
  void set(int g, float[] numbers, int from, int width) {
    for (int j = 0; j < width; j++) {
      x[j][g] = numbers[from + j];
    }
    for (int j = width; j < GROUP; j++) {
      // Changes neither extreme.
      x[j][g] = numbers[from];
    }
    count[g] = width;
  }

  /** Makes the groups from {@code g} on those of zeros. */
  void clear(int g) {
    float[] zeros = new float[GROUP];
    for (int i = g; i < SIDE; i++) {
      set(i, zeros, 0, GROUP);
    }
  }

  /** Extremes and mean, and numbers less the mean. */
  private void centre() {
    System.arraycopy(x[0], 0, low, 0, SIDE);
    System.arraycopy(x[0], 0, high, 0, SIDE);
    Arrays.fill(mean, 0);
    for (float[] column : x) {
      extend(column, low, high, mean);
    }
    for (int g = 0; g < SIDE; g++) {
      mean[g] = count[g] == GROUP ? mean[g] / GROUP : meanOfShort(g);
    }
    Arrays.fill(squares, 0);
    for (int j = 0; j < GROUP; j++) {
      for (int g = 0; g < SIDE; g++) {
        if (j >= count[g]) {
          x[j][g] = mean[g];
        }
      }
      shift(x[j], mean, squares);
    }
  }

  private float meanOfShort(int g) {
    double sum = 0;
    for (int j = 0; j < count[g]; j++) {
      sum += x[j][g];
    }
    return (float) (sum / count[g]);
  }

  private static void extend(float[] column, float[] low, float[] high, float[] sum) {
    for (int g = 0; g < SIDE; g++) {
      float number = column[g];
      float least = Math.min(low[g], number);
      float most = Math.max(high[g], number);
      float total = sum[g] + number;
      low[g] = least;
      high[g] = most;
      sum[g] = total;
    }
  }

  private static void shift(float[] column, float[] mean, float[] squares) {
    for (int g = 0; g < SIDE; g++) {
      float number = column[g] - mean[g];
      float total = squares[g] + number * number;
      column[g] = number;
      squares[g] = total;
    }
  }

  /** Searches all groups. */
  void run() {
    centre();
    Arrays.fill(bestError, Float.POSITIVE_INFINITY);
    for (float[] cut : CUTS) {
      for (int g = 0; g < SIDE; g++) {
        float range = high[g] - low[g];
        scale[g] = range * (1 - cut[0] - cut[1]) / LARGEST;
        minimum[g] = low[g] + range * cut[0];
      }
      look();
    }
    for (int step = 0; step < STEPS; step++) {
      fit();
      look();
    }
    for (int g = 0; g < SIDE; g++) {
      scales[g] = Float.floatToFloat16(bestScale[g]);
      minimums[g] = Float.floatToFloat16(bestMinimum[g]);
    }
  }

  /** Compares a pair with the best. */
  private void look() {
    roundPairs();
    assign();
    keep();
  }

  /** The numbers that binary16 has for them; of the minimum, with the scale rounded already. */
  private void roundPairs() {
    for (int g = 0; g < SIDE; g++) {
      scale[g] = Float.float16ToFloat(Float.floatToFloat16(scale[g]));
    }
    for (int g = 0; g < SIDE; g++) {
      minimum[g] = Float.float16ToFloat(Float.floatToFloat16(minimum[g]));
    }
    for (int g = 0; g < SIDE; g++) {
      inverse[g] = scale[g] > 0 ? 0.5f / scale[g] : 0;
      shift[g] = (mean[g] - minimum[g]) * inverse[g];
    }
  }

  /** Sums over the nearest integers. */
  private void assign() {
    Arrays.fill(sumQ, 0);
    Arrays.fill(sumQq, 0);
    Arrays.fill(sumQx, 0);
    for (float[] column : x) {
      assign(column, inverse, shift, sumQ, sumQq, sumQx);
    }
    for (int g = 0; g < SIDE; g++) {
      // What zeros behind the last column have added.
      float absent = GROUP - count[g];
      float q = nearest(shift[g]);
      sumQ[g] -= absent * q;
      sumQq[g] -= absent * q * q;
    }
  }

  /**
   * One column: C2 makes no vector loop of several at once. For the same reason everything is read
   * before anything is written, since for all that it knows arrays could be one and the same.
   */
  private static void assign(
      float[] column, float[] inverse, float[] shift, float[] sumQ, float[] sumQq, float[] sumQx) {
    for (int g = 0; g < SIDE; g++) {
      float number = column[g];
      float integer = nearest(number * inverse[g] + shift[g]);
      float q = sumQ[g] + integer;
      float qq = sumQq[g] + integer * integer;
      float qx = sumQx[g] + integer * number;
      sumQ[g] = q;
      sumQq[g] = qq;
      sumQx[g] = qx;
    }
  }

  /** The nearest integer from 0 to 15 of twice a number. */
  private static float nearest(float half) {
    // Magnitudes cut off both ends in fewer instructions than minimum and maximum.
    return Math.abs(half) - Math.abs(half - LARGEST / 2) + LARGEST / 2 + ROUNDER - ROUNDER;
  }

  /** Keeps the pairs that are better than the best. */
  private void keep() {
    for (int g = 0; g < SIDE; g++) {
      float s = scale[g];
      float m = minimum[g] - mean[g];
      // The sum over (x - s q - m)², where the sum of x is zero.
      float error =
          squares[g] - 2 * s * sumQx[g] + s * s * sumQq[g] + 2 * s * m * sumQ[g] + m * m * count[g];
      if (error < bestError[g]) {
        bestError[g] = error;
        bestScale[g] = s;
        bestMinimum[g] = minimum[g];
        bestQ[g] = sumQ[g];
        bestQq[g] = sumQq[g];
        bestQx[g] = sumQx[g];
      }
    }
  }

  /** Least squares for the integers of the best pair. */
  private void fit() {
    for (int g = 0; g < SIDE; g++) {
      float n = count[g];
      float spread = n * bestQq[g] - bestQ[g] * bestQ[g];
      float s = spread > 0 ? n * bestQx[g] / spread : 0;
      scale[g] = s;
      float rounded = Float.float16ToFloat(Float.floatToFloat16(s));
      minimum[g] = mean[g] - rounded * bestQ[g] / n;
    }
  }

  /** Whether group {@code g} was of numbers that the format can hold. */
  boolean finite(int g) {
    return bestError[g] < Float.POSITIVE_INFINITY && largest(g) <= LARGEST_HALF;
  }

  /** The number of group {@code g} that is farthest from zero. */
  float largest(int g) {
    return Math.max(Math.abs(low[g]), Math.abs(high[g]));
  }

  short[] scales() {
    return scales;
  }

  short[] minimums() {
    return minimums;
  }

  /** Writes the integers of the first {@code side} groups, one group after the other. */
  void pack(byte[] out, int side) {
    for (int g = 0; g < SIDE; g++) {
      inverse[g] = bestScale[g] > 0 ? 0.5f / bestScale[g] : 0;
      shift[g] = (mean[g] - bestMinimum[g]) * inverse[g];
    }
    for (int i = 0; i < BYTES; i++) {
      pairs(x[i], x[i + BYTES], inverse, shift, packed);
      for (int g = 0; g < side; g++) {
        int low = i < count[g] ? packed[g] & 15 : 0;
        int high = i + BYTES < count[g] ? packed[g] & 0xF0 : 0;
        out[g * BYTES + i] = (byte) (low | high);
      }
    }
  }

  private static void pairs(float[] x0, float[] x1, float[] inverse, float[] shift, int[] packed) {
    for (int g = 0; g < SIDE; g++) {
      float low = nearest(x0[g] * inverse[g] + shift[g]);
      float high = nearest(x1[g] * inverse[g] + shift[g]);
      packed[g] = (int) (low + 16 * high);
    }
  }
}
