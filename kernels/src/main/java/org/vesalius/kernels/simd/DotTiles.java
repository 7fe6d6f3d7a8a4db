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
 * The inner loops of the matrix product. Each of them continues dot products whose accumulators,
 * one vector each, lie in {@code sums}: for every vector of columns in order {@code sum = w * x +
 * sum}, fused. How many dot products a loop carries never changes one of them.
 *
 * <p>The tile shapes are those that the compiler keeps in 16 registers without spilling; with a
 * constant distance between tokens the 2 x 4 tile reaches 75 to 80 % of the machine's multiply-add
 * rate, larger ones half of it. The bodies call nothing but the Vector API: its methods are inlined
 * by decree, helpers of our own only while the method is small, and one that is not inlined makes
 * the compiler allocate its vectors.
 */
final class DotTiles {
  /** Rows of {@link #twoByFour}. */
  static final int ROWS = 2;

  /** Tokens of {@link #twoByFour}. */
  static final int TOKENS = 4;

  /** Columns of a panel, and distance of two tokens; a multiple of a group for every width. */
  static final int COLUMNS = 1024;

  /** Rows of {@link #sixBrainFloats} and {@link #sixFloats}. */
  static final int STREAMS = 6;

  /** The upper 16 bits of a lane: the odd one of a pair, as it stands. */
  private static final int ODD = 0xFFFF0000;

  private DotTiles() {}

  /**
   * Two rows of a panel by four tokens over {@code width} columns, a multiple of two vectors.
   *
   * @param p where the first row is; the second follows {@code width} later
   * @param at where the first token is; the others follow at distances of {@link #COLUMNS}
   * @param sums accumulator of row {@code i} and token {@code j} at {@code s + i * sStride + j *
   *     COUNT}
   */
  static void twoByFour(
      float[] panel, int p, float[] x, int at, int width, float[] sums, int s, int sStride) {
    int q = p + width;
    int s1 = s + sStride;
    FloatVector a0 = FloatVector.fromArray(FLOATS, sums, s);
    FloatVector a1 = FloatVector.fromArray(FLOATS, sums, s + COUNT);
    FloatVector a2 = FloatVector.fromArray(FLOATS, sums, s + 2 * COUNT);
    FloatVector a3 = FloatVector.fromArray(FLOATS, sums, s + 3 * COUNT);
    FloatVector b0 = FloatVector.fromArray(FLOATS, sums, s1);
    FloatVector b1 = FloatVector.fromArray(FLOATS, sums, s1 + COUNT);
    FloatVector b2 = FloatVector.fromArray(FLOATS, sums, s1 + 2 * COUNT);
    FloatVector b3 = FloatVector.fromArray(FLOATS, sums, s1 + 3 * COUNT);
    for (int j = 0; j < width; j += 2 * COUNT) {
      FloatVector a = FloatVector.fromArray(FLOATS, panel, p + j);
      FloatVector b = FloatVector.fromArray(FLOATS, panel, q + j);
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + j);
      a0 = a.fma(v, a0);
      b0 = b.fma(v, b0);
      v = FloatVector.fromArray(FLOATS, x, at + j + COLUMNS);
      a1 = a.fma(v, a1);
      b1 = b.fma(v, b1);
      v = FloatVector.fromArray(FLOATS, x, at + j + 2 * COLUMNS);
      a2 = a.fma(v, a2);
      b2 = b.fma(v, b2);
      v = FloatVector.fromArray(FLOATS, x, at + j + 3 * COLUMNS);
      a3 = a.fma(v, a3);
      b3 = b.fma(v, b3);
      a = FloatVector.fromArray(FLOATS, panel, p + j + COUNT);
      b = FloatVector.fromArray(FLOATS, panel, q + j + COUNT);
      v = FloatVector.fromArray(FLOATS, x, at + j + COUNT);
      a0 = a.fma(v, a0);
      b0 = b.fma(v, b0);
      v = FloatVector.fromArray(FLOATS, x, at + j + COLUMNS + COUNT);
      a1 = a.fma(v, a1);
      b1 = b.fma(v, b1);
      v = FloatVector.fromArray(FLOATS, x, at + j + 2 * COLUMNS + COUNT);
      a2 = a.fma(v, a2);
      b2 = b.fma(v, b2);
      v = FloatVector.fromArray(FLOATS, x, at + j + 3 * COLUMNS + COUNT);
      a3 = a.fma(v, a3);
      b3 = b.fma(v, b3);
    }
    a0.intoArray(sums, s);
    a1.intoArray(sums, s + COUNT);
    a2.intoArray(sums, s + 2 * COUNT);
    a3.intoArray(sums, s + 3 * COUNT);
    b0.intoArray(sums, s1);
    b1.intoArray(sums, s1 + COUNT);
    b2.intoArray(sums, s1 + 2 * COUNT);
    b3.intoArray(sums, s1 + 3 * COUNT);
  }

  /** One row of a panel by one token over two vectors of columns. */
  static void step(float[] panel, int p, float[] x, int at, float[] sums, int s) {
    FloatVector sum =
        FloatVector.fromArray(FLOATS, panel, p)
            .fma(FloatVector.fromArray(FLOATS, x, at), FloatVector.fromArray(FLOATS, sums, s));
    FloatVector.fromArray(FLOATS, panel, p + COUNT)
        .fma(FloatVector.fromArray(FLOATS, x, at + COUNT), sum)
        .intoArray(sums, s);
  }

  /**
   * Six rows of bfloat16 straight from the stored weight by one token, from zero; {@code x} holds
   * even and odd columns in turn, a vector each.
   *
   * @param w byte offset of the first row
   * @param stride bytes from row to row
   */
  static void sixBrainFloats(
      MemorySegment weight, long w, long stride, float[] x, int at, int width, float[] sums) {
    long w1 = w + stride;
    long w2 = w1 + stride;
    long w3 = w2 + stride;
    long w4 = w3 + stride;
    long w5 = w4 + stride;
    FloatVector c0 = FloatVector.zero(FLOATS);
    FloatVector c1 = c0;
    FloatVector c2 = c0;
    FloatVector c3 = c0;
    FloatVector c4 = c0;
    FloatVector c5 = c0;
    for (int j = 0; j < width; j += 2 * COUNT) {
      FloatVector e = FloatVector.fromArray(FLOATS, x, at + j);
      FloatVector o = FloatVector.fromArray(FLOATS, x, at + j + COUNT);
      IntVector v = IntVector.fromMemorySegment(INTS, weight, w + 2L * j, ORDER);
      c0 = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, c0);
      c0 = v.and(ODD).reinterpretAsFloats().fma(o, c0);
      v = IntVector.fromMemorySegment(INTS, weight, w1 + 2L * j, ORDER);
      c1 = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, c1);
      c1 = v.and(ODD).reinterpretAsFloats().fma(o, c1);
      v = IntVector.fromMemorySegment(INTS, weight, w2 + 2L * j, ORDER);
      c2 = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, c2);
      c2 = v.and(ODD).reinterpretAsFloats().fma(o, c2);
      v = IntVector.fromMemorySegment(INTS, weight, w3 + 2L * j, ORDER);
      c3 = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, c3);
      c3 = v.and(ODD).reinterpretAsFloats().fma(o, c3);
      v = IntVector.fromMemorySegment(INTS, weight, w4 + 2L * j, ORDER);
      c4 = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, c4);
      c4 = v.and(ODD).reinterpretAsFloats().fma(o, c4);
      v = IntVector.fromMemorySegment(INTS, weight, w5 + 2L * j, ORDER);
      c5 = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, c5);
      c5 = v.and(ODD).reinterpretAsFloats().fma(o, c5);
    }
    c0.intoArray(sums, 0);
    c1.intoArray(sums, COUNT);
    c2.intoArray(sums, 2 * COUNT);
    c3.intoArray(sums, 3 * COUNT);
    c4.intoArray(sums, 4 * COUNT);
    c5.intoArray(sums, 5 * COUNT);
  }

  /** One row as {@link #sixBrainFloats}. */
  static void oneBrainFloat(
      MemorySegment weight, long w, float[] x, int at, int width, float[] sums, int s) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int j = 0; j < width; j += 2 * COUNT) {
      IntVector v = IntVector.fromMemorySegment(INTS, weight, w + 2L * j, ORDER);
      FloatVector e = FloatVector.fromArray(FLOATS, x, at + j);
      FloatVector o = FloatVector.fromArray(FLOATS, x, at + j + COUNT);
      sum = v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(e, sum);
      sum = v.and(ODD).reinterpretAsFloats().fma(o, sum);
    }
    sum.intoArray(sums, s);
  }

  /** Six rows of binary32 straight from the stored weight by one token, from zero. */
  static void sixFloats(
      MemorySegment weight, long w, long stride, float[] x, int at, int width, float[] sums) {
    long w1 = w + stride;
    long w2 = w1 + stride;
    long w3 = w2 + stride;
    long w4 = w3 + stride;
    long w5 = w4 + stride;
    FloatVector c0 = FloatVector.zero(FLOATS);
    FloatVector c1 = c0;
    FloatVector c2 = c0;
    FloatVector c3 = c0;
    FloatVector c4 = c0;
    FloatVector c5 = c0;
    for (int j = 0; j < width; j += COUNT) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, at + j);
      c0 = FloatVector.fromMemorySegment(FLOATS, weight, w + 4L * j, ORDER).fma(v, c0);
      c1 = FloatVector.fromMemorySegment(FLOATS, weight, w1 + 4L * j, ORDER).fma(v, c1);
      c2 = FloatVector.fromMemorySegment(FLOATS, weight, w2 + 4L * j, ORDER).fma(v, c2);
      c3 = FloatVector.fromMemorySegment(FLOATS, weight, w3 + 4L * j, ORDER).fma(v, c3);
      c4 = FloatVector.fromMemorySegment(FLOATS, weight, w4 + 4L * j, ORDER).fma(v, c4);
      c5 = FloatVector.fromMemorySegment(FLOATS, weight, w5 + 4L * j, ORDER).fma(v, c5);
    }
    c0.intoArray(sums, 0);
    c1.intoArray(sums, COUNT);
    c2.intoArray(sums, 2 * COUNT);
    c3.intoArray(sums, 3 * COUNT);
    c4.intoArray(sums, 4 * COUNT);
    c5.intoArray(sums, 5 * COUNT);
  }

  /** One row as {@link #sixFloats}. */
  static void oneFloat(
      MemorySegment weight, long w, float[] x, int at, int width, float[] sums, int s) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int j = 0; j < width; j += COUNT) {
      sum =
          FloatVector.fromMemorySegment(FLOATS, weight, w + 4L * j, ORDER)
              .fma(FloatVector.fromArray(FLOATS, x, at + j), sum);
    }
    sum.intoArray(sums, s);
  }
}
