package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of attention, on packed blocks. Scores and outputs are the same sum, {@code
 * out[c] += Σ factor[j] * panel[j][c]}: over the numbers of a head with keys side by side in the
 * lanes, or over keys with the numbers of a head in the lanes. So is a product with a transposed
 * weight, over columns with outputs in the lanes. Each lane adds in the order of {@code j}, fused,
 * so that tiles of every shape give the same result. Bodies call the Vector API directly, as in
 * {@link DotTiles}.
 */
final class AttentionTiles {
  /** Numbers of a panel's row. */
  static final int WIDTH = 2 * COUNT;

  /** Rows of {@link #four}. */
  static final int ROWS = 4;

  private AttentionTiles() {}

  /**
   * Adds to four rows of outputs.
   *
   * @param factors factors, {@code stride} from row to row
   * @param panel rows of {@link #WIDTH} numbers
   * @param from the first {@code j}
   * @param to the {@code j} after the last
   * @param out {@link #WIDTH} numbers of four rows, {@code outStride} from row to row
   */
  static void four(
      float[] factors,
      int f0,
      int stride,
      float[] panel,
      int at,
      int from,
      int to,
      float[] out,
      int o0,
      int outStride) {
    int f1 = f0 + stride;
    int f2 = f1 + stride;
    int f3 = f2 + stride;
    int o1 = o0 + outStride;
    int o2 = o1 + outStride;
    int o3 = o2 + outStride;
    FloatVector a0 = FloatVector.fromArray(FLOATS, out, o0);
    FloatVector b0 = FloatVector.fromArray(FLOATS, out, o0 + COUNT);
    FloatVector a1 = FloatVector.fromArray(FLOATS, out, o1);
    FloatVector b1 = FloatVector.fromArray(FLOATS, out, o1 + COUNT);
    FloatVector a2 = FloatVector.fromArray(FLOATS, out, o2);
    FloatVector b2 = FloatVector.fromArray(FLOATS, out, o2 + COUNT);
    FloatVector a3 = FloatVector.fromArray(FLOATS, out, o3);
    FloatVector b3 = FloatVector.fromArray(FLOATS, out, o3 + COUNT);
    for (int j = from; j < to; j++) {
      FloatVector a = FloatVector.fromArray(FLOATS, panel, at + j * WIDTH);
      FloatVector b = FloatVector.fromArray(FLOATS, panel, at + j * WIDTH + COUNT);
      FloatVector f = FloatVector.broadcast(FLOATS, factors[f0 + j]);
      a0 = f.fma(a, a0);
      b0 = f.fma(b, b0);
      f = FloatVector.broadcast(FLOATS, factors[f1 + j]);
      a1 = f.fma(a, a1);
      b1 = f.fma(b, b1);
      f = FloatVector.broadcast(FLOATS, factors[f2 + j]);
      a2 = f.fma(a, a2);
      b2 = f.fma(b, b2);
      f = FloatVector.broadcast(FLOATS, factors[f3 + j]);
      a3 = f.fma(a, a3);
      b3 = f.fma(b, b3);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + COUNT);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + COUNT);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + COUNT);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + COUNT);
  }

  /** As {@link #four} for one row. */
  static void one(
      float[] factors, int f, float[] panel, int at, int from, int to, float[] out, int o) {
    FloatVector a = FloatVector.fromArray(FLOATS, out, o);
    FloatVector b = FloatVector.fromArray(FLOATS, out, o + COUNT);
    for (int j = from; j < to; j++) {
      FloatVector factor = FloatVector.broadcast(FLOATS, factors[f + j]);
      a = factor.fma(FloatVector.fromArray(FLOATS, panel, at + j * WIDTH), a);
      b = factor.fma(FloatVector.fromArray(FLOATS, panel, at + j * WIDTH + COUNT), b);
    }
    a.intoArray(out, o);
    b.intoArray(out, o + COUNT);
  }

  /** The largest of the scores {@code from} to {@code to} of the row at {@code at}. */
  static float largest(float[] scores, int at, int from, int to) {
    FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    if (from % COUNT == 0 && to % COUNT == 0) {
      for (int i = from; i < to; i += COUNT) {
        max = max.max(FloatVector.fromArray(FLOATS, scores, at + i));
      }
    } else {
      for (int i = from / COUNT * COUNT; i < to; i += COUNT) {
        VectorMask<Float> hidden =
            FLOATS.indexInRange(i, to).not().or(FLOATS.indexInRange(i, from));
        max =
            max.max(
                FloatVector.fromArray(FLOATS, scores, at + i)
                    .blend(Float.NEGATIVE_INFINITY, hidden));
      }
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /**
   * Replaces scores by {@code exp(score - max)}, outside {@code from} to {@code to} by zero, and
   * leaves their sums per lane in {@code lanes}.
   */
  static void weigh(float[] scores, int at, int from, int to, float max, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    if (from % COUNT == 0 && to % COUNT == 0) {
      for (int i = from; i < to; i += COUNT) {
        FloatVector p = Exponential.exp(FloatVector.fromArray(FLOATS, scores, at + i).sub(max));
        p.intoArray(scores, at + i);
        sum = sum.add(p);
      }
    } else {
      for (int i = from / COUNT * COUNT; i < to; i += COUNT) {
        VectorMask<Float> hidden =
            FLOATS.indexInRange(i, to).not().or(FLOATS.indexInRange(i, from));
        FloatVector x = FloatVector.fromArray(FLOATS, scores, at + i).sub(max);
        FloatVector p = Exponential.exp(x.blend(Float.NEGATIVE_INFINITY, hidden));
        p.intoArray(scores, at + i);
        sum = sum.add(p);
      }
    }
    sum.intoArray(lanes, 0);
  }

  /** {@code x *= factor} for {@code count} numbers, a multiple of a vector. */
  static void scale(float[] x, int at, int count, float factor) {
    for (int i = 0; i < count; i += COUNT) {
      FloatVector.fromArray(FLOATS, x, at + i).mul(factor).intoArray(x, at + i);
    }
  }
}
