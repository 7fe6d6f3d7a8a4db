package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/** Rotary position embedding, token by token. */
final class Rotations {
  private final WorkerPool pool;

  Rotations(WorkerPool pool) {
    this.pool = pool;
  }

  /** Tokens that a thread takes at a time, for rows of this many numbers. */
  private static int grain(int columns) {
    return Math.max(1, 8192 / Math.max(1, columns));
  }

  void table(Tensor cos, Tensor sin, Tensor positions, Rotary rotary) {
    MemorySegment frequencies = rotary.inverseFrequencies().data();
    pool.run(
        cos.rows(),
        grain(32 * rotary.pairs()),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            for (int i = 0; i < rotary.pairs(); i++) {
              int position = Contents.integer(positions, Contents.integer(rotary.axis(), 0, i), t);
              float angle = position * frequencies.get(ValueLayout.JAVA_FLOAT, 4L * i);
              put(cos, t, i, (float) Math.cos(angle) * rotary.scaling());
              put(sin, t, i, (float) Math.sin(angle) * rotary.scaling());
            }
          }
        });
  }

  private static void put(Tensor out, int row, int column, float value) {
    out.data().set(ValueLayout.JAVA_FLOAT, 4 * ((long) row * out.stride() + column), value);
  }

  void rotate(Tensor x, Tensor cos, Tensor sin) {
    int half = cos.columns();
    pool.run(
        x.rows(),
        grain(x.columns()),
        (from, to) -> {
          for (int t = from; t < to; t++) {
            long row = 4L * t * x.stride();
            long c = 4L * t * cos.stride();
            long s = 4L * t * sin.stride();
            for (int first = 0; first < x.columns(); first += 2 * half) {
              rotate(x.data(), row + 4L * first, cos.data(), c, sin.data(), s, half);
            }
          }
        });
  }

  private static void rotate(
      MemorySegment x, long at, MemorySegment cos, long c, MemorySegment sin, long s, int half) {
    long other = at + 4L * half;
    int i = 0;
    for (; i <= half - COUNT; i += COUNT) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, x, at + 4L * i, ORDER);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, x, other + 4L * i, ORDER);
      FloatVector u = FloatVector.fromMemorySegment(FLOATS, cos, c + 4L * i, ORDER);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, sin, s + 4L * i, ORDER);
      a.fma(u, b.mul(v).neg()).intoMemorySegment(x, at + 4L * i, ORDER);
      b.fma(u, a.mul(v)).intoMemorySegment(x, other + 4L * i, ORDER);
    }
    if (i < half) {
      VectorMask<Float> rest = FLOATS.indexInRange(i, half);
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, x, at + 4L * i, ORDER, rest);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, x, other + 4L * i, ORDER, rest);
      FloatVector u = FloatVector.fromMemorySegment(FLOATS, cos, c + 4L * i, ORDER, rest);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, sin, s + 4L * i, ORDER, rest);
      a.fma(u, b.mul(v).neg()).intoMemorySegment(x, at + 4L * i, ORDER, rest);
      b.fma(u, a.mul(v)).intoMemorySegment(x, other + 4L * i, ORDER, rest);
    }
  }
}
