package org.vesalius.kernels.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.Bfloat16;

/** Runs of numbers in memory, read as many at a time as there is room for; nothing is aligned. */
final class StoredNumbers {

  private StoredNumbers() {}

  /** Float32 numbers from the {@code first} on. */
  static void floats(double[] out, MemorySegment data, long first) {
    float[] stored = new float[out.length];
    MemorySegment.copy(data, ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * first, stored, 0, stored.length);
    for (int i = 0; i < out.length; i++) {
      out[i] = stored[i];
    }
  }

  /** Bfloat16 numbers from the {@code first} on. */
  static void brainFloats(double[] out, MemorySegment data, long first) {
    short[] stored = halves(out.length, data, first);
    for (int i = 0; i < out.length; i++) {
      out[i] = Bfloat16.value(stored[i]);
    }
  }

  /** Float16 numbers from the {@code first} on. */
  static void halfFloats(double[] out, MemorySegment data, long first) {
    short[] stored = halves(out.length, data, first);
    for (int i = 0; i < out.length; i++) {
      out[i] = Float.float16ToFloat(stored[i]);
    }
  }

  private static short[] halves(int count, MemorySegment data, long first) {
    short[] stored = new short[count];
    MemorySegment.copy(data, ValueLayout.JAVA_SHORT_UNALIGNED, 2 * first, stored, 0, count);
    return stored;
  }
}
