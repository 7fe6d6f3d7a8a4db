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
 * <p>The tile shapes are those that the compiler keeps in 16 registers without spilling: 3 x 3 with
 * two steps in the body reaches the machine's multiply-add rate, larger ones lose half of it.
 */
final class DotTiles {
  /** Rows and tokens of {@link #threeByThree}. */
  static final int SIDE = 3;

  /** Rows of {@link #sixBrainFloats} and {@link #sixFloats}. */
  static final int STREAMS = 6;

  private DotTiles() {}

  private static FloatVector load(float[] a, int at) {
    return FloatVector.fromArray(FLOATS, a, at);
  }

  /**
   * Three rows of a panel by three tokens over {@code width} columns, a multiple of two vectors.
   *
   * @param sums accumulator of row {@code i} and token {@code j} at {@code s + i * sStride + j *
   *     COUNT}
   */
  static void threeByThree(
      float[] panel, int p, float[] x, int at, int width, float[] sums, int s, int sStride) {
    int p1 = p + width;
    int p2 = p1 + width;
    int x1 = at + width;
    int x2 = x1 + width;
    int s1 = s + sStride;
    int s2 = s1 + sStride;
    FloatVector c00 = load(sums, s);
    FloatVector c01 = load(sums, s + COUNT);
    FloatVector c02 = load(sums, s + 2 * COUNT);
    FloatVector c10 = load(sums, s1);
    FloatVector c11 = load(sums, s1 + COUNT);
    FloatVector c12 = load(sums, s1 + 2 * COUNT);
    FloatVector c20 = load(sums, s2);
    FloatVector c21 = load(sums, s2 + COUNT);
    FloatVector c22 = load(sums, s2 + 2 * COUNT);
    for (int j = 0; j < width; j += 2 * COUNT) {
      FloatVector a = load(panel, p + j);
      FloatVector b = load(panel, p1 + j);
      FloatVector c = load(panel, p2 + j);
      FloatVector v = load(x, at + j);
      c00 = a.fma(v, c00);
      c10 = b.fma(v, c10);
      c20 = c.fma(v, c20);
      v = load(x, x1 + j);
      c01 = a.fma(v, c01);
      c11 = b.fma(v, c11);
      c21 = c.fma(v, c21);
      v = load(x, x2 + j);
      c02 = a.fma(v, c02);
      c12 = b.fma(v, c12);
      c22 = c.fma(v, c22);
      a = load(panel, p + j + COUNT);
      b = load(panel, p1 + j + COUNT);
      c = load(panel, p2 + j + COUNT);
      v = load(x, at + j + COUNT);
      c00 = a.fma(v, c00);
      c10 = b.fma(v, c10);
      c20 = c.fma(v, c20);
      v = load(x, x1 + j + COUNT);
      c01 = a.fma(v, c01);
      c11 = b.fma(v, c11);
      c21 = c.fma(v, c21);
      v = load(x, x2 + j + COUNT);
      c02 = a.fma(v, c02);
      c12 = b.fma(v, c12);
      c22 = c.fma(v, c22);
    }
    c00.intoArray(sums, s);
    c01.intoArray(sums, s + COUNT);
    c02.intoArray(sums, s + 2 * COUNT);
    c10.intoArray(sums, s1);
    c11.intoArray(sums, s1 + COUNT);
    c12.intoArray(sums, s1 + 2 * COUNT);
    c20.intoArray(sums, s2);
    c21.intoArray(sums, s2 + COUNT);
    c22.intoArray(sums, s2 + 2 * COUNT);
  }

  /** One row of a panel by one token over two vectors of columns. */
  static void step(float[] panel, int p, float[] x, int at, float[] sums, int s) {
    FloatVector sum = load(panel, p).fma(load(x, at), load(sums, s));
    load(panel, p + COUNT).fma(load(x, at + COUNT), sum).intoArray(sums, s);
  }

  /** The 16-bit numbers at even positions of a vector of pairs, as bfloat16. */
  private static FloatVector even(IntVector pairs) {
    return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  private static FloatVector odd(IntVector pairs) {
    return pairs.and(0xFFFF0000).reinterpretAsFloats();
  }

  private static IntVector pairs(MemorySegment weight, long offset) {
    return IntVector.fromMemorySegment(INTS, weight, offset, ORDER);
  }

  /**
   * Six rows of bfloat16 straight from the stored weight by one token, from zero; {@code x} holds
   * even and odd columns in turn, a vector each.
   *
   * @param w byte offset of the first row
   * @param stride bytes from row to row
   */
  static void sixBrainFloats(
      MemorySegment weight, long w, long stride, float[] x, int width, float[] sums) {
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
      FloatVector e = load(x, j);
      FloatVector o = load(x, j + COUNT);
      IntVector v = pairs(weight, w + 2L * j);
      c0 = odd(v).fma(o, even(v).fma(e, c0));
      v = pairs(weight, w1 + 2L * j);
      c1 = odd(v).fma(o, even(v).fma(e, c1));
      v = pairs(weight, w2 + 2L * j);
      c2 = odd(v).fma(o, even(v).fma(e, c2));
      v = pairs(weight, w3 + 2L * j);
      c3 = odd(v).fma(o, even(v).fma(e, c3));
      v = pairs(weight, w4 + 2L * j);
      c4 = odd(v).fma(o, even(v).fma(e, c4));
      v = pairs(weight, w5 + 2L * j);
      c5 = odd(v).fma(o, even(v).fma(e, c5));
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
      MemorySegment weight, long w, float[] x, int width, float[] sums, int s) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int j = 0; j < width; j += 2 * COUNT) {
      IntVector v = pairs(weight, w + 2L * j);
      sum = odd(v).fma(load(x, j + COUNT), even(v).fma(load(x, j), sum));
    }
    sum.intoArray(sums, s);
  }

  private static FloatVector floats(MemorySegment weight, long offset) {
    return FloatVector.fromMemorySegment(FLOATS, weight, offset, ORDER);
  }

  /** Six rows of binary32 straight from the stored weight by one token, from zero. */
  static void sixFloats(
      MemorySegment weight, long w, long stride, float[] x, int width, float[] sums) {
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
      FloatVector v = load(x, j);
      c0 = floats(weight, w + 4L * j).fma(v, c0);
      c1 = floats(weight, w1 + 4L * j).fma(v, c1);
      c2 = floats(weight, w2 + 4L * j).fma(v, c2);
      c3 = floats(weight, w3 + 4L * j).fma(v, c3);
      c4 = floats(weight, w4 + 4L * j).fma(v, c4);
      c5 = floats(weight, w5 + 4L * j).fma(v, c5);
    }
    c0.intoArray(sums, 0);
    c1.intoArray(sums, COUNT);
    c2.intoArray(sums, 2 * COUNT);
    c3.intoArray(sums, 3 * COUNT);
    c4.intoArray(sums, 4 * COUNT);
    c5.intoArray(sums, 5 * COUNT);
  }

  /** One row as {@link #sixFloats}. */
  static void oneFloat(MemorySegment weight, long w, float[] x, int width, float[] sums, int s) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int j = 0; j < width; j += COUNT) {
      sum = floats(weight, w + 4L * j).fma(load(x, j), sum);
    }
    sum.intoArray(sums, s);
  }
}
