package org.vesalius.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * E4M3, the eight-bit floating point format of the Open Compute Project (OFP8, revision 1.0): a
 * sign, four bits of exponent with bias 7, three of mantissa. No infinities; both bit patterns of
 * ones are not a number. The largest number is 448, the smallest above zero {@code 2^-9}.
 */
public final class Float8 {
  /** The largest number. */
  public static final float LARGEST = 448;

  /** The bits without the sign that stand for no number. */
  public static final int NAN = 0x7f;

  private static final int MANTISSA = 3;
  private static final float SMALLEST_NORMAL = 0x1p-6f;

  /** Its unit in the last place is that of numbers below {@link #SMALLEST_NORMAL}. */
  private static final float ROUNDER = 0x1p-9f * (1 << 23);

  private static final float[] VALUES = new float[256];

  static {
    for (int bits = 0; bits < VALUES.length; bits++) {
      int exponent = bits >> MANTISSA & 15;
      int mantissa = bits & 7;
      float magnitude =
          exponent == 0
              ? Math.scalb((float) mantissa, -9)
              : Math.scalb((float) (8 + mantissa), exponent - 10);
      magnitude = (bits & NAN) == NAN ? Float.NaN : magnitude;
      VALUES[bits] = bits < 128 ? magnitude : -magnitude;
    }
  }

  private Float8() {}

  /** The number that bits stand for. */
  public static float value(byte bits) {
    return VALUES[bits & 0xff];
  }

  /**
   * The nearest number's bits, of two equally near ones the even one's; beyond the largest, also of
   * infinities, the largest.
   */
  public static byte round(float x) {
    if (Float.isNaN(x)) {
      return NAN;
    }
    float magnitude = Math.min(Math.abs(x), LARGEST);
    int bits;
    if (magnitude < SMALLEST_NORMAL) {
      bits = Float.floatToRawIntBits(magnitude + ROUNDER) & 15;
    } else {
      int single = Float.floatToRawIntBits(magnitude);
      int dropped = 23 - MANTISSA;
      int nearest = single + (1 << (dropped - 1)) - 1 + (single >> dropped & 1);
      bits = (nearest >> dropped) - ((127 - 7) << MANTISSA);
    }
    return (byte) (bits | (Float.floatToRawIntBits(x) >>> 24 & 0x80));
  }

  /**
   * Rounds a token in place as {@link ActivationRounding#FP8} says: what is left are the numbers
   * that it stands for, scale included.
   */
  public static void roundToken(float[] x, int from, int to) {
    float scale = ActivationRounding.largest(x, from, to) / LARGEST;
    for (int i = from; i < to; i++) {
      x[i] = scale < Float.MIN_NORMAL ? 0 : value(round(x[i] / scale)) * scale;
    }
  }

  /**
   * The same matrix for kernels that have none for this format: in BF16, where every number is
   * exact if scales are powers of two of moderate size, which those of {@link
   * org.vesalius.kernels.quantize.Quantizer#fp8} are; otherwise in F32, rounded once.
   */
  public static Weight widened(Weight.Fp8 weight, SegmentAllocator memory) {
    int rows = weight.rows();
    int columns = weight.columns();
    float[] scales = weight.scales().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    boolean exact = true;
    for (float scale : scales) {
      exact &= scale == 0 || isModeratePower(scale);
    }
    long count = (long) rows * columns;
    MemorySegment data = memory.allocate(Math.max(1, count * (exact ? 2 : 4)), 64);
    byte[] bits = new byte[columns];
    short[] halves = new short[exact ? columns : 0];
    float[] numbers = new float[exact ? 0 : columns];
    for (int row = 0; row < rows; row++) {
      long first = (long) row * columns;
      MemorySegment.copy(weight.data(), ValueLayout.JAVA_BYTE, first, bits, 0, columns);
      for (int c = 0; c < columns; c++) {
        float number = value(bits[c]) * scales[row];
        if (exact) {
          halves[c] = Bfloat16.round(number);
        } else {
          numbers[c] = number;
        }
      }
      if (exact) {
        MemorySegment.copy(halves, 0, data, ValueLayout.JAVA_SHORT, 2 * first, columns);
      } else {
        MemorySegment.copy(numbers, 0, data, ValueLayout.JAVA_FLOAT, 4 * first, columns);
      }
    }
    return exact
        ? new Weight.BF16(data.asSlice(0, 2 * count), rows, columns)
        : new Weight.F32(data.asSlice(0, 4 * count), rows, columns);
  }

  /** Products with it neither overflow nor fall below the smallest normal number. */
  private static boolean isModeratePower(float scale) {
    return (Float.floatToRawIntBits(scale) & 0x807fffff) == 0
        && scale >= 0x1p-100f
        && scale <= 0x1p100f;
  }
}
