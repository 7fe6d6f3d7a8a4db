package org.vesalius.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@link ActivationRounding#INT8} as it is written down, one number at a time. */
final class RoundedProducts {
  private RoundedProducts() {}

  static float[] linear(Weight weight, float[] x) {
    int columns = weight.columns();
    int tokens = x.length / columns;
    float[] out = new float[tokens * weight.rows()];
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < weight.rows(); r++) {
        out[t * weight.rows() + r] = dot(weight, r, x, t * columns);
      }
    }
    return out;
  }

  private static float dot(Weight weight, int row, float[] x, int at) {
    boolean bytes = weight instanceof Weight.Int8;
    int group = bytes ? Weight.Int8.GROUP : Weight.Int4.GROUP;
    int groups = Math.ceilDiv(weight.columns(), group);
    float sum = 0;
    for (int g = 0; g < groups; g++) {
      int end = Math.min(weight.columns(), (g + 1) * group);
      float largest = 0;
      for (int c = g * group; c < end; c++) {
        largest = Math.max(largest, Math.abs(x[at + c]));
      }
      float scale = largest / 127;
      int products = 0;
      int integers = 0;
      for (int c = g * group; c < end; c++) {
        int q = (int) Math.rint(x[at + c] / scale);
        products += q * integer(weight, row, groups, c);
        integers += q;
      }
      switch (weight) {
        case Weight.Int8 w -> {
          long scales = 4 * ((long) row * groups + g);
          float own = w.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, scales);
          sum = Math.fma((float) products, own * scale, sum);
        }
        case Weight.Int4 w -> {
          sum = Math.fma((float) products, half(w.scales(), row * groups + g) * scale, sum);
          sum = Math.fma(half(w.minimums(), row * groups + g), integers * scale, sum);
        }
        default -> throw new IllegalArgumentException("not of integers: " + weight);
      }
    }
    return sum;
  }

  private static int integer(Weight weight, int row, int groups, int column) {
    if (weight instanceof Weight.Int8) {
      return weight.data().get(ValueLayout.JAVA_BYTE, (long) row * weight.columns() + column);
    }
    int place = column % 64;
    long group = (long) row * groups + column / 64;
    int pair = weight.data().get(ValueLayout.JAVA_BYTE, group * 32 + place % 32);
    return place < 32 ? pair & 15 : pair >> 4 & 15;
  }

  private static float half(MemorySegment data, int index) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * index));
  }
}
