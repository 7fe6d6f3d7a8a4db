package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.INTS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of one token by a transposed weight: {@code sums[i] += x[j] * weight[j][i]}, with
 * outputs in the lanes, fused, each output in the order of {@code j}. Of 16-bit weights a group of
 * two vectors holds its even outputs first, as in {@link Panels}. Bodies call the Vector API
 * directly, as in {@link DotTiles}.
 */
final class ColumnTiles {
  /** Stored rows of {@link #eightBrainFloats} and {@link #eightFloats}. */
  static final int STREAMS = 8;

  /** The upper 16 bits of a lane: the odd one of a pair, as it stands. */
  private static final int ODD = 0xFFFF0000;

  private ColumnTiles() {}

  /**
   * Eight stored rows of bfloat16.
   *
   * @param w byte offset of the first number of the first row
   * @param stride bytes from row to row
   * @param x0 where the factor of the first row is
   * @param count outputs, a multiple of two vectors
   */
  static void eightBrainFloats(
      MemorySegment weight, long w, long stride, float[] x, int x0, int count, float[] sums) {
    long w1 = w + stride;
    long w2 = w1 + stride;
    long w3 = w2 + stride;
    long w4 = w3 + stride;
    long w5 = w4 + stride;
    long w6 = w5 + stride;
    long w7 = w6 + stride;
    FloatVector f0 = FloatVector.broadcast(FLOATS, x[x0]);
    FloatVector f1 = FloatVector.broadcast(FLOATS, x[x0 + 1]);
    FloatVector f2 = FloatVector.broadcast(FLOATS, x[x0 + 2]);
    FloatVector f3 = FloatVector.broadcast(FLOATS, x[x0 + 3]);
    FloatVector f4 = FloatVector.broadcast(FLOATS, x[x0 + 4]);
    FloatVector f5 = FloatVector.broadcast(FLOATS, x[x0 + 5]);
    FloatVector f6 = FloatVector.broadcast(FLOATS, x[x0 + 6]);
    FloatVector f7 = FloatVector.broadcast(FLOATS, x[x0 + 7]);
    for (int i = 0; i < count; i += 2 * COUNT) {
      FloatVector e = FloatVector.fromArray(FLOATS, sums, i);
      FloatVector o = FloatVector.fromArray(FLOATS, sums, i + COUNT);
      IntVector v = IntVector.fromMemorySegment(INTS, weight, w + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f0, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f0, o);
      v = IntVector.fromMemorySegment(INTS, weight, w1 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f1, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f1, o);
      v = IntVector.fromMemorySegment(INTS, weight, w2 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f2, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f2, o);
      v = IntVector.fromMemorySegment(INTS, weight, w3 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f3, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f3, o);
      v = IntVector.fromMemorySegment(INTS, weight, w4 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f4, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f4, o);
      v = IntVector.fromMemorySegment(INTS, weight, w5 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f5, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f5, o);
      v = IntVector.fromMemorySegment(INTS, weight, w6 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f6, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f6, o);
      v = IntVector.fromMemorySegment(INTS, weight, w7 + 2L * i, ORDER);
      e = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f7, e);
      o = v.and(ODD).reinterpretAsFloats().fma(f7, o);
      e.intoArray(sums, i);
      o.intoArray(sums, i + COUNT);
    }
  }

  /** One stored row as {@link #eightBrainFloats}. */
  static void oneBrainFloat(MemorySegment weight, long w, float x, int count, float[] sums) {
    FloatVector f = FloatVector.broadcast(FLOATS, x);
    for (int i = 0; i < count; i += 2 * COUNT) {
      IntVector v = IntVector.fromMemorySegment(INTS, weight, w + 2L * i, ORDER);
      FloatVector e = FloatVector.fromArray(FLOATS, sums, i);
      FloatVector o = FloatVector.fromArray(FLOATS, sums, i + COUNT);
      v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(f, e).intoArray(sums, i);
      v.and(ODD).reinterpretAsFloats().fma(f, o).intoArray(sums, i + COUNT);
    }
  }

  /** Eight stored rows of binary32, as {@link #eightBrainFloats}. */
  static void eightFloats(
      MemorySegment weight, long w, long stride, float[] x, int x0, int count, float[] sums) {
    long w1 = w + stride;
    long w2 = w1 + stride;
    long w3 = w2 + stride;
    long w4 = w3 + stride;
    long w5 = w4 + stride;
    long w6 = w5 + stride;
    long w7 = w6 + stride;
    FloatVector f0 = FloatVector.broadcast(FLOATS, x[x0]);
    FloatVector f1 = FloatVector.broadcast(FLOATS, x[x0 + 1]);
    FloatVector f2 = FloatVector.broadcast(FLOATS, x[x0 + 2]);
    FloatVector f3 = FloatVector.broadcast(FLOATS, x[x0 + 3]);
    FloatVector f4 = FloatVector.broadcast(FLOATS, x[x0 + 4]);
    FloatVector f5 = FloatVector.broadcast(FLOATS, x[x0 + 5]);
    FloatVector f6 = FloatVector.broadcast(FLOATS, x[x0 + 6]);
    FloatVector f7 = FloatVector.broadcast(FLOATS, x[x0 + 7]);
    for (int i = 0; i < count; i += COUNT) {
      FloatVector sum = FloatVector.fromArray(FLOATS, sums, i);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w + 4L * i, ORDER).fma(f0, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w1 + 4L * i, ORDER).fma(f1, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w2 + 4L * i, ORDER).fma(f2, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w3 + 4L * i, ORDER).fma(f3, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w4 + 4L * i, ORDER).fma(f4, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w5 + 4L * i, ORDER).fma(f5, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w6 + 4L * i, ORDER).fma(f6, sum);
      sum = FloatVector.fromMemorySegment(FLOATS, weight, w7 + 4L * i, ORDER).fma(f7, sum);
      sum.intoArray(sums, i);
    }
  }

  /** One stored row of binary32. */
  static void oneFloat(MemorySegment weight, long w, float x, int count, float[] sums) {
    FloatVector f = FloatVector.broadcast(FLOATS, x);
    for (int i = 0; i < count; i += COUNT) {
      FloatVector.fromMemorySegment(FLOATS, weight, w + 4L * i, ORDER)
          .fma(f, FloatVector.fromArray(FLOATS, sums, i))
          .intoArray(sums, i);
    }
  }
}
