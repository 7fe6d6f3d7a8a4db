package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.Weight;

/** The formats of weights, for a {@link SelfCheck}. */
enum StoredFormat {
  F32(1, 1),
  F16(1, 1),
  BF16(1, 1),
  INT8(Weight.Int8.GROUP, 1),
  INT4(Weight.Int4.GROUP, 2),
  FP8(1, 1);

  private static final int ALIGNMENT = 16;
  private static final int WITHOUT_SIGN = 0x7fff;

  private final int group;
  private final int terms;

  StoredFormat(int group, int terms) {
    this.group = group;
    this.terms = terms;
  }

  /** Those that are checked before anything else, all but {@link #FP8}. */
  static Set<StoredFormat> common() {
    return EnumSet.complementOf(EnumSet.of(FP8));
  }

  /** Columns that share a scale. */
  int group() {
    return group;
  }

  /** Products that a column adds to a sum. */
  int terms() {
    return terms;
  }

  /** A weight of random numbers of both signs. */
  Weight random(Arena arena, Comparison numbers, int rows, int columns) {
    int count = rows * columns;
    return switch (this) {
      case F32 ->
          new Weight.F32(arena.allocateFrom(JAVA_FLOAT, numbers.normal(count)), rows, columns);
      case F16 -> new Weight.F16(halves(arena, numbers.normal(count)), rows, columns);
      case BF16 -> {
        MemorySegment data = arena.allocate(2L * count, ALIGNMENT);
        float[] values = numbers.normal(count);
        for (int i = 0; i < count; i++) {
          data.setAtIndex(JAVA_SHORT, i, Bfloat16.round(values[i]));
        }
        yield new Weight.BF16(data, rows, columns);
      }
      case INT8 -> {
        MemorySegment data = arena.allocate(count, ALIGNMENT);
        for (int i = 0; i < count; i++) {
          data.set(JAVA_BYTE, i, (byte) (numbers.below(255) - 127));
        }
        float[] scales = scales(numbers, rows * Weight.Int8.groups(columns), 0.01f);
        yield new Weight.Int8(data, arena.allocateFrom(JAVA_FLOAT, scales), rows, columns);
      }
      case INT4 -> {
        int groups = Weight.Int4.groups(columns);
        MemorySegment data =
            arena.allocate((long) rows * groups * Weight.Int4.GROUP_BYTES, ALIGNMENT);
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) {
            // What lies behind the last column stays zero.
            int place = c % group;
            long at = ((long) r * groups + c / group) * (group / 2) + place % (group / 2);
            int shift = place < group / 2 ? 0 : 4;
            byte pair = data.get(JAVA_BYTE, at);
            data.set(JAVA_BYTE, at, (byte) (pair | numbers.below(16) << shift));
          }
        }
        MemorySegment scales = halves(arena, scales(numbers, rows * groups, 0.1f));
        MemorySegment minimums = halves(arena, numbers.normal(rows * groups));
        yield new Weight.Int4(data, scales, minimums, rows, columns);
      }
      case FP8 -> {
        MemorySegment data = arena.allocate(count, ALIGNMENT);
        float[] values = numbers.normal(count);
        for (int i = 0; i < count; i++) {
          data.set(JAVA_BYTE, i, Float8.round(64 * values[i]));
        }
        float[] scales = scales(numbers, rows, 0.01f);
        yield new Weight.Fp8(data, arena.allocateFrom(JAVA_FLOAT, scales), rows, columns);
      }
    };
  }

  private static float[] scales(Comparison numbers, int count, float size) {
    float[] scales = Comparison.magnitudes(numbers.normal(count));
    for (int i = 0; i < count; i++) {
      scales[i] = size * (1 + scales[i]);
    }
    return scales;
  }

  private static MemorySegment halves(Arena arena, float[] values) {
    MemorySegment data = arena.allocate(2L * values.length, ALIGNMENT);
    for (int i = 0; i < values.length; i++) {
      data.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(values[i]));
    }
    return data;
  }

  /** The same without signs: with it products are the magnitudes of what is summed. */
  static Weight magnitudes(Arena arena, Weight weight) {
    int rows = weight.rows();
    int columns = weight.columns();
    return switch (weight) {
      case Weight.F32 single -> {
        float[] values = single.data().toArray(JAVA_FLOAT);
        MemorySegment data = arena.allocateFrom(JAVA_FLOAT, Comparison.magnitudes(values));
        yield new Weight.F32(data, rows, columns);
      }
      case Weight.F16 half -> new Weight.F16(withoutSigns(arena, half.data()), rows, columns);
      case Weight.BF16 brain -> new Weight.BF16(withoutSigns(arena, brain.data()), rows, columns);
      case Weight.Int8 eight -> {
        byte[] values = eight.data().toArray(JAVA_BYTE);
        for (int i = 0; i < values.length; i++) {
          values[i] = (byte) Math.abs(values[i]);
        }
        yield new Weight.Int8(arena.allocateFrom(JAVA_BYTE, values), eight.scales(), rows, columns);
      }
      case Weight.Fp8 small -> {
        byte[] values = small.data().toArray(JAVA_BYTE);
        for (int i = 0; i < values.length; i++) {
          values[i] &= Float8.NAN;
        }
        yield new Weight.Fp8(arena.allocateFrom(JAVA_BYTE, values), small.scales(), rows, columns);
      }
      case Weight.Int4 four ->
          new Weight.Int4(
              four.data(), four.scales(), withoutSigns(arena, four.minimums()), rows, columns);
      case Weight.Transposed(Weight stored) -> new Weight.Transposed(magnitudes(arena, stored));
    };
  }

  private static MemorySegment withoutSigns(Arena arena, MemorySegment data) {
    short[] values = data.toArray(JAVA_SHORT);
    for (int i = 0; i < values.length; i++) {
      values[i] = (short) (values[i] & WITHOUT_SIGN);
    }
    return arena.allocateFrom(JAVA_SHORT, values);
  }
}
