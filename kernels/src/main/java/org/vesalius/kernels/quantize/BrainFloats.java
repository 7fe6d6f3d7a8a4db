package org.vesalius.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Rounds to bfloat16. */
final class BrainFloats {
  private BrainFloats() {}

  /** Writes {@code count} numbers from the {@code index}-th place on; NaNs stay NaNs. */
  static void write(MemorySegment data, long index, float[] numbers, int count) {
    short[] out = new short[count];
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(numbers[i]);
      // Half of the last kept bit, less one where that bit is even; a carry ends in the exponent.
      int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
      out[i] = (short) ((Float.isNaN(numbers[i]) ? bits | 0x400000 : rounded) >>> 16);
    }
    MemorySegment.copy(out, 0, data, ValueLayout.JAVA_SHORT, 2 * index, count);
  }
}
