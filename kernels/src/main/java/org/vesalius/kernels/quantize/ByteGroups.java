package org.vesalius.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Weight;

/** Rounds rows to {@link Weight.Int8}. */
final class ByteGroups {
  private static final int GROUP = Weight.Int8.GROUP;

  /** Adding and taking it away rounds to a whole number, half to even. */
  private static final float ROUNDER = 0x1.8p23f;

  private ByteGroups() {}

  /** Writes {@code count} rows from row {@code first} on. */
  static void write(
      MemorySegment data,
      MemorySegment scales,
      float[] numbers,
      int first,
      int count,
      int columns) {
    int groups = Weight.Int8.groups(columns);
    byte[] bytes = new byte[count * columns];
    float[] rowScales = new float[count * groups];
    for (int r = 0; r < count; r++) {
      for (int g = 0; g < groups; g++) {
        int from = r * columns + g * GROUP;
        int to = Math.min((r + 1) * columns, from + GROUP);
        float largest = ActivationRounding.largest(numbers, from, to);
        if (!Float.isFinite(largest)) {
          throw Quantizer.unfit(first + r, "finite numbers", largest);
        }
        float scale = largest / 127;
        // Below, quotients could be beyond 127; such weights change no sum of floats.
        scale = scale < Float.MIN_NORMAL ? 0 : scale;
        rowScales[r * groups + g] = scale;
        if (scale > 0) {
          round(numbers, bytes, from, to, scale);
        }
      }
    }
    MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, (long) first * columns, bytes.length);
    MemorySegment.copy(
        rowScales, 0, scales, ValueLayout.JAVA_FLOAT, 4L * first * groups, rowScales.length);
  }

  private static void round(float[] numbers, byte[] out, int from, int to, float scale) {
    for (int i = from; i < to; i++) {
      out[i] = (byte) (int) (numbers[i] / scale + ROUNDER - ROUNDER);
    }
  }
}
