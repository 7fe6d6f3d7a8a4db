package org.vesalius.kernels.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.Weight;

/** The numbers that a row of a weight stands for, in whatever format it is stored. */
final class WeightRows {

  private WeightRows() {}

  /** Reads a row, all of whose columns there is room for. */
  static void read(double[] out, Weight weight, int row) {
    long first = (long) row * out.length;
    switch (weight) {
      case Weight.Transposed(Weight stored) -> {
        for (int c = 0; c < out.length; c++) {
          out[c] = number(stored, (long) c * weight.rows() + row);
        }
      }
      case Weight.F32 _ -> StoredNumbers.floats(out, weight.data(), first);
      case Weight.F16 _ -> StoredNumbers.halfFloats(out, weight.data(), first);
      case Weight.BF16 _ -> StoredNumbers.brainFloats(out, weight.data(), first);
      case Weight.Int8 quantized -> {
        for (int c = 0; c < out.length; c++) {
          out[c] = number(quantized, row, c);
        }
      }
      case Weight.Int4 quantized -> {
        for (int c = 0; c < out.length; c++) {
          out[c] = number(quantized, row, c);
        }
      }
      case Weight.Fp8 quantized -> {
        float scale = quantized.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * row);
        for (int c = 0; c < out.length; c++) {
          byte bits = quantized.data().get(ValueLayout.JAVA_BYTE, first + c);
          out[c] = (double) Float8.value(bits) * scale;
        }
      }
    }
  }

  /** The element at a place of a weight that is stored as it is. */
  private static double number(Weight weight, long index) {
    MemorySegment data = weight.data();
    return switch (weight) {
      case Weight.F32 _ -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index);
      case Weight.F16 _ ->
          Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index));
      case Weight.BF16 _ -> Bfloat16.value(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index));
      case Weight.Int8 _, Weight.Int4 _, Weight.Fp8 _, Weight.Transposed _ ->
          throw new IllegalArgumentException("not stored number by number: " + weight);
    };
  }

  private static double number(Weight.Int8 weight, int row, int column) {
    long group = (long) row * weight.groups() + column / Weight.Int8.GROUP;
    int q = weight.data().get(ValueLayout.JAVA_BYTE, (long) row * weight.columns() + column);
    return (double) q * weight.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * group);
  }

  private static double number(Weight.Int4 weight, int row, int column) {
    long group = (long) row * weight.groups() + column / Weight.Int4.GROUP;
    int place = column % Weight.Int4.GROUP;
    int pair =
        weight
            .data()
            .get(
                ValueLayout.JAVA_BYTE,
                group * Weight.Int4.GROUP_BYTES + place % Weight.Int4.GROUP_BYTES);
    int q = place < Weight.Int4.GROUP_BYTES ? pair & 15 : pair >> 4 & 15;
    return (double) q * half(weight.scales(), group) + half(weight.minimums(), group);
  }

  private static double half(MemorySegment data, long index) {
    return Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index));
  }
}
