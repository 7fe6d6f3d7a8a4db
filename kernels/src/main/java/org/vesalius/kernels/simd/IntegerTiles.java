package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.vesalius.kernels.Weight;

/**
 * The inner loops of the product of several tokens with weights of integers. Integers are
 * multiplied as floats, which hold them and their sums exactly, because floats have a multiply-add
 * here. Bodies call the Vector API directly, as in {@link DotTiles}.
 */
final class IntegerTiles {
  /** Outputs of a panel. */
  static final int WIDTH = AttentionTiles.WIDTH;

  /** Tokens of {@link #four}. */
  static final int TOKENS = 4;

  private IntegerTiles() {}

  /**
   * A group of columns of {@link #WIDTH} outputs by four tokens: {@code out = out + dot *
   * (weightScale * scale)}, fused.
   *
   * @param x integers, {@code stride} from token to token
   * @param panel {@link #WIDTH} integers for each column
   * @param count columns
   * @param weightScales of the outputs
   * @param scale where the first token's scale is in {@code x}
   * @param out {@code outStride} from token to token
   */
  static void four(
      float[] x,
      int x0,
      int stride,
      float[] panel,
      int count,
      float[] weightScales,
      int w,
      int scale,
      float[] out,
      int o0,
      int outStride) {
    int x1 = x0 + stride;
    int x2 = x1 + stride;
    int x3 = x2 + stride;
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector b0 = a0;
    FloatVector a1 = a0;
    FloatVector b1 = a0;
    FloatVector a2 = a0;
    FloatVector b2 = a0;
    FloatVector a3 = a0;
    FloatVector b3 = a0;
    for (int j = 0; j < count; j++) {
      FloatVector a = FloatVector.fromArray(FLOATS, panel, j * WIDTH);
      FloatVector b = FloatVector.fromArray(FLOATS, panel, j * WIDTH + COUNT);
      FloatVector f = FloatVector.broadcast(FLOATS, x[x0 + j]);
      a0 = f.fma(a, a0);
      b0 = f.fma(b, b0);
      f = FloatVector.broadcast(FLOATS, x[x1 + j]);
      a1 = f.fma(a, a1);
      b1 = f.fma(b, b1);
      f = FloatVector.broadcast(FLOATS, x[x2 + j]);
      a2 = f.fma(a, a2);
      b2 = f.fma(b, b2);
      f = FloatVector.broadcast(FLOATS, x[x3 + j]);
      a3 = f.fma(a, a3);
      b3 = f.fma(b, b3);
    }
    FloatVector u = FloatVector.fromArray(FLOATS, weightScales, w);
    FloatVector v = FloatVector.fromArray(FLOATS, weightScales, w + COUNT);
    float s = x[scale];
    a0.fma(u.mul(s), FloatVector.fromArray(FLOATS, out, o0)).intoArray(out, o0);
    b0.fma(v.mul(s), FloatVector.fromArray(FLOATS, out, o0 + COUNT)).intoArray(out, o0 + COUNT);
    int o = o0 + outStride;
    s = x[scale + stride];
    a1.fma(u.mul(s), FloatVector.fromArray(FLOATS, out, o)).intoArray(out, o);
    b1.fma(v.mul(s), FloatVector.fromArray(FLOATS, out, o + COUNT)).intoArray(out, o + COUNT);
    o += outStride;
    s = x[scale + 2 * stride];
    a2.fma(u.mul(s), FloatVector.fromArray(FLOATS, out, o)).intoArray(out, o);
    b2.fma(v.mul(s), FloatVector.fromArray(FLOATS, out, o + COUNT)).intoArray(out, o + COUNT);
    o += outStride;
    s = x[scale + 3 * stride];
    a3.fma(u.mul(s), FloatVector.fromArray(FLOATS, out, o)).intoArray(out, o);
    b3.fma(v.mul(s), FloatVector.fromArray(FLOATS, out, o + COUNT)).intoArray(out, o + COUNT);
  }

  /** {@code out = out + minimum * sum} of {@link #WIDTH} outputs, fused. */
  static void minimums(float[] minimums, int m, float sum, float[] out, int o) {
    FloatVector f = FloatVector.broadcast(FLOATS, sum);
    FloatVector.fromArray(FLOATS, minimums, m)
        .fma(f, FloatVector.fromArray(FLOATS, out, o))
        .intoArray(out, o);
    FloatVector.fromArray(FLOATS, minimums, m + COUNT)
        .fma(f, FloatVector.fromArray(FLOATS, out, o + COUNT))
        .intoArray(out, o + COUNT);
  }

  /** Spreads words of four 8-bit integers, a word for each output, over four columns. */
  static void spread8(int[] words, int at, float[] panel, int column) {
    for (int c = 0; c < WIDTH; c += COUNT) {
      IntVector v = IntVector.fromArray(Lanes.INTS, words, at + c);
      for (int k = 0; k < 4; k++) {
        IntVector q =
            v.lanewise(VectorOperators.LSHL, 24 - 8 * k).lanewise(VectorOperators.ASHR, 24);
        ((FloatVector) q.convert(VectorOperators.I2F, 0))
            .intoArray(panel, (column + k) * WIDTH + c);
      }
    }
  }

  /** Spreads words of eight 4-bit integers, a word for each output, over two times four columns. */
  static void spread4(int[] words, int at, float[] panel, int column) {
    for (int c = 0; c < WIDTH; c += COUNT) {
      IntVector v = IntVector.fromArray(Lanes.INTS, words, at + c);
      for (int k = 0; k < 8; k++) {
        IntVector q = v.lanewise(VectorOperators.LSHR, 4 * k).and(15);
        int to = column + k / 2 + k % 2 * Weight.Int4.GROUP_BYTES;
        ((FloatVector) q.convert(VectorOperators.I2F, 0)).intoArray(panel, to * WIDTH + c);
      }
    }
  }
}
