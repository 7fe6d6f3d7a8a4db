package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.Weight;

/** The numbers that quantized weights stand for, rounded once. */
final class QuantizedRows {
  private QuantizedRows() {}

  static float number(Weight.Int8 weight, int row, int column) {
    long group = (long) row * weight.groups() + column / Weight.Int8.GROUP;
    int q = weight.data().get(ValueLayout.JAVA_BYTE, (long) row * weight.columns() + column);
    return q * weight.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * group);
  }

  static float number(Weight.Int4 weight, int row, int column) {
    long group = (long) row * weight.groups() + column / Weight.Int4.GROUP;
    int q = integer(weight, row, column);
    return Math.fma((float) q, half(weight.scales(), group), half(weight.minimums(), group));
  }

  static int integer(Weight.Int4 weight, int row, int column) {
    long group = (long) row * weight.groups() + column / Weight.Int4.GROUP;
    int place = column % Weight.Int4.GROUP;
    int half = Weight.Int4.GROUP_BYTES;
    int pair = weight.data().get(ValueLayout.JAVA_BYTE, group * half + place % half);
    return place < half ? pair & 15 : pair >> 4 & 15;
  }

  static float half(MemorySegment data, long index) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index));
  }
}
