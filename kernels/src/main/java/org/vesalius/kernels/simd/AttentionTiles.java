package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/**
 * The inner loops of attention on packed blocks of queries, keys and values. As in {@link DotTiles}
 * the result for one query and one key is the same in every tile.
 */
final class AttentionTiles {
  /** Keys that {@link #scores} takes at a time. */
  static final int KEYS = 4;

  /** Queries that {@link #values} takes at a time. */
  static final int QUERIES = 4;

  private static final int HALF = COUNT / 2;
  private static final int QUARTER = COUNT / 4;
  private static final VectorMask<Float> UPPER_HALF = VectorMask.fromLong(FLOATS, lanesWith(HALF));
  private static final VectorMask<Float> UPPER_QUARTERS =
      VectorMask.fromLong(FLOATS, lanesWith(QUARTER));
  private static final VectorShuffle<Float> SWAP_HALVES =
      VectorShuffle.fromOp(FLOATS, i -> i ^ HALF);
  private static final VectorShuffle<Float> SWAP_QUARTERS =
      VectorShuffle.fromOp(FLOATS, i -> i ^ QUARTER);
  private static final VectorShuffle<Float> SWAP_PAIRS =
      VectorShuffle.fromOp(FLOATS, i -> i ^ Math.min(2, QUARTER / 2));
  private static final VectorShuffle<Float> SWAP_NEIGHBOURS =
      VectorShuffle.fromOp(FLOATS, i -> i ^ 1);

  /** From the order in which merging leaves four sums to the order of the keys. */
  private static final VectorShuffle<Float> COLLECT =
      VectorShuffle.fromOp(FLOATS, i -> i % 2 * HALF + i / 2 % 2 * QUARTER);

  private AttentionTiles() {}

  private static long lanesWith(int bit) {
    long lanes = 0;
    for (int i = 0; i < COUNT; i++) {
      if ((i & bit) != 0) {
        lanes |= 1L << i;
      }
    }
    return lanes;
  }

  private static FloatVector load(float[] a, int at) {
    return FloatVector.fromArray(FLOATS, a, at);
  }

  /** Lane sums of four vectors in the first four lanes: halves, then quarters, and so on. */
  private static FloatVector sums(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
    FloatVector ab = a.blend(b, UPPER_HALF).add(b.blend(a, UPPER_HALF).rearrange(SWAP_HALVES));
    FloatVector cd = c.blend(d, UPPER_HALF).add(d.blend(c, UPPER_HALF).rearrange(SWAP_HALVES));
    FloatVector all =
        ab.blend(cd, UPPER_QUARTERS).add(cd.blend(ab, UPPER_QUARTERS).rearrange(SWAP_QUARTERS));
    if (COUNT >= 16) {
      all = all.add(all.rearrange(SWAP_PAIRS));
    }
    if (COUNT >= 8) {
      all = all.add(all.rearrange(SWAP_NEIGHBOURS));
    }
    return all.rearrange(COLLECT);
  }

  /**
   * Scaled dot products of two queries with {@link #KEYS} keys. Writes a full vector per query, of
   * which the first {@link #KEYS} lanes count; the next tile overwrites the others.
   *
   * @param width numbers of a packed row, a multiple of a vector
   */
  static void scores(
      float[] q, int q0, float[] k, int k0, int width, float scale, float[] out, int to, int row) {
    int q1 = q0 + width;
    int k1 = k0 + width;
    int k2 = k1 + width;
    int k3 = k2 + width;
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int i = 0; i < width; i += COUNT) {
      FloatVector a = load(q, q0 + i);
      FloatVector b = load(q, q1 + i);
      FloatVector v = load(k, k0 + i);
      a0 = a.fma(v, a0);
      b0 = b.fma(v, b0);
      v = load(k, k1 + i);
      a1 = a.fma(v, a1);
      b1 = b.fma(v, b1);
      v = load(k, k2 + i);
      a2 = a.fma(v, a2);
      b2 = b.fma(v, b2);
      v = load(k, k3 + i);
      a3 = a.fma(v, a3);
      b3 = b.fma(v, b3);
    }
    sums(a0, a1, a2, a3).mul(scale).intoArray(out, to);
    sums(b0, b1, b2, b3).mul(scale).intoArray(out, to + row);
  }

  /** The largest of the scores {@code from} to {@code to} of the row at {@code at}. */
  static float largest(float[] scores, int at, int from, int to) {
    FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = from / COUNT * COUNT; i < to; i += COUNT) {
      max = max.max(inside(load(scores, at + i), i, from, to));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /**
   * Replaces scores by {@code exp(score - max)}, outside {@code from} to {@code to} by zero, and
   * leaves their sums per lane in {@code lanes}.
   */
  static void weigh(float[] scores, int at, int from, int to, float max, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = from / COUNT * COUNT; i < to; i += COUNT) {
      FloatVector p = Exponential.exp(inside(load(scores, at + i), i, from, to).sub(max));
      p.intoArray(scores, at + i);
      sum = sum.add(p);
    }
    sum.intoArray(lanes, 0);
  }

  private static FloatVector inside(FloatVector scores, int i, int from, int to) {
    if (i >= from && i + COUNT <= to) {
      return scores;
    }
    VectorMask<Float> seen = FLOATS.indexInRange(i, to).andNot(FLOATS.indexInRange(i, from));
    return FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY).blend(scores, seen);
  }

  /** {@code x *= factor} for {@code width} numbers. */
  static void scale(float[] x, int at, int width, float factor) {
    for (int i = 0; i < width; i += COUNT) {
      load(x, at + i).mul(factor).intoArray(x, at + i);
    }
  }

  /**
   * Adds the weighted values of the keys {@code from} to {@code to} to the outputs of four queries.
   *
   * @param p scores, {@code pStride} from query to query
   * @param v packed values of the block, rows of {@code width} numbers
   */
  static void values(
      float[] p, int at, int pStride, float[] v, int from, int to, int width, float[] out, int o) {
    int i = 0;
    for (; i <= width - 2 * COUNT; i += 2 * COUNT) {
      fourByTwo(p, at, pStride, v, from, to, width, i, out, o);
    }
    if (i < width) {
      for (int r = 0; r < QUERIES; r++) {
        oneByOne(p, at + r * pStride, v, from, to, width, i, out, o + r * width);
      }
    }
  }

  /** As {@link #values} for one query. */
  static void valuesOfOne(
      float[] p, int at, float[] v, int from, int to, int width, float[] out, int o) {
    int i = 0;
    for (; i <= width - 4 * COUNT; i += 4 * COUNT) {
      oneByFour(p, at, v, from, to, width, i, out, o);
    }
    for (; i < width; i += COUNT) {
      oneByOne(p, at, v, from, to, width, i, out, o);
    }
  }

  private static void fourByTwo(
      float[] p,
      int p0,
      int pStride,
      float[] v,
      int from,
      int to,
      int width,
      int column,
      float[] out,
      int o) {
    int o0 = o + column;
    int o1 = o0 + width;
    int o2 = o1 + width;
    int o3 = o2 + width;
    int p1 = p0 + pStride;
    int p2 = p1 + pStride;
    int p3 = p2 + pStride;
    FloatVector c00 = load(out, o0);
    FloatVector c01 = load(out, o0 + COUNT);
    FloatVector c10 = load(out, o1);
    FloatVector c11 = load(out, o1 + COUNT);
    FloatVector c20 = load(out, o2);
    FloatVector c21 = load(out, o2 + COUNT);
    FloatVector c30 = load(out, o3);
    FloatVector c31 = load(out, o3 + COUNT);
    for (int j = from; j < to; j++) {
      FloatVector a = load(v, j * width + column);
      FloatVector b = load(v, j * width + column + COUNT);
      FloatVector w = FloatVector.broadcast(FLOATS, p[p0 + j]);
      c00 = w.fma(a, c00);
      c01 = w.fma(b, c01);
      w = FloatVector.broadcast(FLOATS, p[p1 + j]);
      c10 = w.fma(a, c10);
      c11 = w.fma(b, c11);
      w = FloatVector.broadcast(FLOATS, p[p2 + j]);
      c20 = w.fma(a, c20);
      c21 = w.fma(b, c21);
      w = FloatVector.broadcast(FLOATS, p[p3 + j]);
      c30 = w.fma(a, c30);
      c31 = w.fma(b, c31);
    }
    c00.intoArray(out, o0);
    c01.intoArray(out, o0 + COUNT);
    c10.intoArray(out, o1);
    c11.intoArray(out, o1 + COUNT);
    c20.intoArray(out, o2);
    c21.intoArray(out, o2 + COUNT);
    c30.intoArray(out, o3);
    c31.intoArray(out, o3 + COUNT);
  }

  private static void oneByFour(
      float[] p, int at, float[] v, int from, int to, int width, int column, float[] out, int o) {
    int o0 = o + column;
    FloatVector c0 = load(out, o0);
    FloatVector c1 = load(out, o0 + COUNT);
    FloatVector c2 = load(out, o0 + 2 * COUNT);
    FloatVector c3 = load(out, o0 + 3 * COUNT);
    for (int j = from; j < to; j++) {
      FloatVector w = FloatVector.broadcast(FLOATS, p[at + j]);
      int row = j * width + column;
      c0 = w.fma(load(v, row), c0);
      c1 = w.fma(load(v, row + COUNT), c1);
      c2 = w.fma(load(v, row + 2 * COUNT), c2);
      c3 = w.fma(load(v, row + 3 * COUNT), c3);
    }
    c0.intoArray(out, o0);
    c1.intoArray(out, o0 + COUNT);
    c2.intoArray(out, o0 + 2 * COUNT);
    c3.intoArray(out, o0 + 3 * COUNT);
  }

  private static void oneByOne(
      float[] p, int at, float[] v, int from, int to, int width, int column, float[] out, int o) {
    FloatVector c = load(out, o + column);
    for (int j = from; j < to; j++) {
      c = FloatVector.broadcast(FLOATS, p[at + j]).fma(load(v, j * width + column), c);
    }
    c.intoArray(out, o + column);
  }
}
