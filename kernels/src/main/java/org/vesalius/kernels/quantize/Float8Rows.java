package org.vesalius.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.Weight;

/** Rounds rows to {@link Weight.Fp8}. */
final class Float8Rows {
  /** Rows with nothing larger are zero, and nothing may be larger than the second. */
  private static final float SMALLEST = 0x1p-90f;

  private static final float LARGEST = 0x1p100f;

  private Float8Rows() {}

  /** Writes {@code count} rows from row {@code first} on. */
  static void write(
      MemorySegment data,
      MemorySegment scales,
      float[] numbers,
      int first,
      int count,
      int columns) {
    byte[] bytes = new byte[count * columns];
    float[] rowScales = new float[count];
    for (int r = 0; r < count; r++) {
      int from = r * columns;
      float largest = ActivationRounding.largest(numbers, from, from + columns);
      if (!(largest <= LARGEST)) {
        throw Quantizer.unfit(first + r, "numbers of at most 2^100", largest);
      }
      float scale = scale(largest);
      rowScales[r] = scale;
      // A product with a power of two is exact, as a division would be.
      float inverse = scale > 0 ? 1 / scale : 0;
      for (int i = from; i < from + columns; i++) {
        bytes[i] = Float8.round(numbers[i] * inverse);
      }
    }
    MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, (long) first * columns, bytes.length);
    MemorySegment.copy(rowScales, 0, scales, ValueLayout.JAVA_FLOAT, 4L * first, count);
  }

  /** The smallest power of two with which the largest number fits. */
  private static float scale(float largest) {
    if (largest < SMALLEST) {
      return 0;
    }
    int exponent = Math.getExponent(largest) - Math.getExponent(Float8.LARGEST);
    float scale = Math.scalb(1f, exponent);
    return largest <= Float8.LARGEST * scale ? scale : 2 * scale;
  }
}
