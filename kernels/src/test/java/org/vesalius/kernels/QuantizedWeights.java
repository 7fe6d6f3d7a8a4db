package org.vesalius.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Weights of integers for contract tests, at odd addresses. */
public final class QuantizedWeights {
  /** The formats. */
  public enum Format {
    /** {@link Weight.Int8}. */
    INT8(Weight.Int8.GROUP),
    /** {@link Weight.Int4}. */
    INT4(Weight.Int4.GROUP);

    final int group;

    Format(int group) {
      this.group = group;
    }
  }

  private QuantizedWeights() {}

  /** Random integers, scales and minimums, with every largest and smallest integer among them. */
  public static Weight random(Samples samples, Format format, int rows, int columns) {
    return switch (format) {
      case INT8 -> {
        int groups = Weight.Int8.groups(columns);
        MemorySegment data = memory((long) rows * columns);
        for (long i = 0; i < data.byteSize(); i++) {
          data.set(ValueLayout.JAVA_BYTE, i, (byte) (samples.below(255) - 127));
        }
        MemorySegment scales = memory(4L * rows * groups);
        float[] numbers = samples.normal(rows * groups, 0.002);
        for (int i = 0; i < numbers.length; i++) {
          scales.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, Math.abs(numbers[i]));
        }
        yield new Weight.Int8(data, scales, rows, columns);
      }
      case INT4 -> {
        int groups = Weight.Int4.groups(columns);
        MemorySegment data = memory((long) rows * groups * Weight.Int4.GROUP_BYTES);
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) {
            put(data, r * groups, c, samples.below(16));
          }
        }
        yield new Weight.Int4(
            data,
            halves(samples.normal(rows * groups, 0.02), true),
            halves(samples.normal(rows * groups, 0.2), false),
            rows,
            columns);
      }
    };
  }

  /** The magnitudes: of 4-bit ones, those of both parts of the sum. */
  public static Weight magnitudes(Weight weight) {
    return switch (weight) {
      case Weight.Int8(MemorySegment data, MemorySegment scales, int rows, int columns) -> {
        MemorySegment absolute = memory(data.byteSize());
        for (long i = 0; i < data.byteSize(); i++) {
          byte q = data.get(ValueLayout.JAVA_BYTE, i);
          absolute.set(ValueLayout.JAVA_BYTE, i, (byte) Math.abs(q));
        }
        yield new Weight.Int8(absolute, scales, rows, columns);
      }
      case Weight.Int4(
              MemorySegment data,
              MemorySegment scales,
              MemorySegment minimums,
              int rows,
              int columns) -> {
        MemorySegment absolute = memory(minimums.byteSize());
        for (long i = 0; i < minimums.byteSize(); i += 2) {
          short bits = minimums.get(ValueLayout.JAVA_SHORT_UNALIGNED, i);
          absolute.set(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) (bits & 0x7FFF));
        }
        yield new Weight.Int4(data, scales, absolute, rows, columns);
      }
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
          throw new IllegalArgumentException("not of integers: " + weight);
    };
  }

  private static void put(MemorySegment data, int firstGroup, int column, int q) {
    int place = column % Weight.Int4.GROUP;
    long at =
        (long) (firstGroup + column / Weight.Int4.GROUP) * Weight.Int4.GROUP_BYTES
            + place % Weight.Int4.GROUP_BYTES;
    int shift = place < Weight.Int4.GROUP_BYTES ? 0 : 4;
    int old = data.get(ValueLayout.JAVA_BYTE, at);
    data.set(ValueLayout.JAVA_BYTE, at, (byte) (old | q << shift));
  }

  private static MemorySegment halves(float[] numbers, boolean positive) {
    MemorySegment data = memory(2L * numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      float number = positive ? Math.abs(numbers[i]) : numbers[i];
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(number));
    }
    return data;
  }

  private static MemorySegment memory(long size) {
    return Arena.ofAuto().allocate(size + 3, 64).asSlice(3, size);
  }
}
