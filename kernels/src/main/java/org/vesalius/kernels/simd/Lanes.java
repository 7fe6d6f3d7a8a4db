package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape that everything here computes in, and the one order in which lanes are summed.
 */
final class Lanes {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  static final int COUNT = FLOATS.length();
  static final int BITS = FLOATS.vectorBitSize();

  /** Of tensors and weights; the probe refuses processors of the other order. */
  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private Lanes() {}

  /** The next multiple of {@code step}. */
  static int roundUp(int n, int step) {
    return (n + step - 1) / step * step;
  }

  /**
   * The sum of the {@link #COUNT} numbers from {@code at}, halves first: lane {@code i} plus lane
   * {@code i + COUNT/2} and so on. The vector operation for this promises no order. Overwrites
   * them.
   */
  static float sum(float[] lanes, int at) {
    if (COUNT == 8) {
      return ((lanes[at] + lanes[at + 4]) + (lanes[at + 2] + lanes[at + 6]))
          + ((lanes[at + 1] + lanes[at + 5]) + (lanes[at + 3] + lanes[at + 7]));
    }
    for (int half = COUNT / 2; half > 0; half /= 2) {
      for (int i = at; i < at + half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[at];
  }

  /** As {@link #sum(float[], int)}. */
  static double sum(double[] lanes, int count) {
    for (int half = count / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /**
   * Copies rows of {@code count} floats, {@code stride} floats apart, into an array where they lie
   * without gaps. May write zeros behind the last row, up to a full vector.
   */
  static void copyRows(
      float[] out, int at, MemorySegment x, long offset, int stride, int rows, int count) {
    if (count == stride) {
      MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, offset, out, at, rows * count);
      return;
    }
    int whole = count - count % COUNT;
    VectorMask<Float> rest = FLOATS.indexInRange(whole, count);
    for (int r = 0; r < rows; r++) {
      long from = offset + 4L * r * stride;
      int to = at + r * count;
      for (int i = 0; i < whole; i += COUNT) {
        FloatVector.fromMemorySegment(FLOATS, x, from + 4L * i, ORDER).intoArray(out, to + i);
      }
      if (whole < count) {
        FloatVector.fromMemorySegment(FLOATS, x, from + 4L * whole, ORDER, rest)
            .intoArray(out, to + whole);
      }
    }
  }
}
