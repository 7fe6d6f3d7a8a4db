package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.INTS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Converts rows of weights and activations into the order in which dot products read them.
 *
 * <p>Columns go in groups of two vectors. For 16-bit weights a group holds its even columns first
 * and its odd ones second, because that is how two floats come out of a 32-bit lane without a
 * shuffle; the activations are brought into the same order once per call. Columns beyond the last
 * are zero.
 */
final class Panels {
  /** Columns of a group. */
  static final int GROUP = 2 * COUNT;

  private static final VectorShuffle<Float> EVEN = VectorShuffle.makeUnzip(FLOATS, 0);
  private static final VectorShuffle<Float> ODD = VectorShuffle.makeUnzip(FLOATS, 1);

  private Panels() {}

  /** Whether a group of this weight is split into even and odd columns. */
  static boolean split(Weight weight) {
    return switch (weight) {
      case Weight.F32 _, Weight.Int8 _, Weight.Int4 _, Weight.Fp8 _ -> false;
      case Weight.F16 _, Weight.BF16 _ -> true;
      case Weight.Transposed(Weight stored) -> split(stored);
    };
  }

  /** Where column {@code i} of a group goes. */
  private static int place(int i, boolean split) {
    return split ? i % 2 * COUNT + i / 2 : i;
  }

  /** Where column {@code i} of a row of groups goes. */
  static int grouped(int i, boolean split) {
    return i / GROUP * GROUP + place(i % GROUP, split);
  }

  /** Converts {@code width} columns of an activation row, starting at column {@code first}. */
  static void activations(
      float[] out, int at, Tensor x, int row, int first, int width, boolean split) {
    long offset = 4 * ((long) row * x.stride() + first);
    int inside = Math.min(width, x.columns() - first);
    int whole = inside - inside % GROUP;
    MemorySegment data = x.data();
    for (int i = 0; i < whole; i += GROUP) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, data, offset + 4L * i, ORDER);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, data, offset + 4L * (i + COUNT), ORDER);
      if (split) {
        a.rearrange(EVEN, b).intoArray(out, at + i);
        a.rearrange(ODD, b).intoArray(out, at + i + COUNT);
      } else {
        a.intoArray(out, at + i);
        b.intoArray(out, at + i + COUNT);
      }
    }
    for (int i = whole; i < width; i++) {
      out[at + whole + place(i - whole, split)] =
          i < inside ? data.get(ValueLayout.JAVA_FLOAT, offset + 4L * i) : 0;
    }
  }

  /**
   * Converts {@code width} columns of a weight's row to floats, starting at column {@code first};
   * groups lie {@code step} apart. Not of a transposed weight, whose rows do not lie in memory.
   */
  static void weights(float[] out, int at, int step, Weight weight, int row, int first, int width) {
    int inside = Math.min(width, weight.columns() - first);
    int whole = inside - inside % GROUP;
    long index = (long) row * weight.columns() + first;
    MemorySegment data = weight.data();
    switch (weight) {
      case Weight.F32 _ -> floats(out, at, step, data, 4 * index, whole);
      case Weight.F16 _ -> halves(out, at, step, data, 2 * index, whole);
      case Weight.BF16 _ -> brainFloats(out, at, step, data, 2 * index, whole);
      case Weight.Int8 _, Weight.Int4 _, Weight.Fp8 _, Weight.Transposed _ -> throw transposed();
    }
    if (whole < width) {
      rest(out, at + whole / GROUP * step, weight, index + whole, inside - whole, width - whole);
    }
  }

  private static void rest(float[] out, int at, Weight weight, long index, int inside, int width) {
    boolean split = split(weight);
    for (int i = 0; i < width; i++) {
      out[at + place(i, split)] = i < inside ? number(weight, index + i) : 0;
    }
  }

  /** One number of a weight that is not transposed. */
  static float number(Weight weight, int row, int column) {
    return switch (weight) {
      case Weight.Int8 quantized -> QuantizedRows.number(quantized, row, column);
      case Weight.Int4 quantized -> QuantizedRows.number(quantized, row, column);
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
          number(weight, (long) row * weight.columns() + column);
    };
  }

  /** One stored number, counted row by row. */
  private static float number(Weight weight, long index) {
    MemorySegment data = weight.data();
    return switch (weight) {
      case Weight.F32 _ -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index);
      case Weight.F16 _ ->
          Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index));
      case Weight.BF16 _ ->
          Float.intBitsToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * index) << 16);
      case Weight.Int8 _, Weight.Int4 _, Weight.Fp8 _, Weight.Transposed _ -> throw transposed();
    };
  }

  private static IllegalArgumentException transposed() {
    return new IllegalArgumentException("the rows of this weight do not lie in memory");
  }

  private static void floats(
      float[] out, int at, int step, MemorySegment data, long offset, int count) {
    int to = at;
    for (int i = 0; i < count; i += GROUP) {
      long from = offset + 4L * i;
      FloatVector.fromMemorySegment(FLOATS, data, from, ORDER).intoArray(out, to);
      FloatVector.fromMemorySegment(FLOATS, data, from + 4L * COUNT, ORDER)
          .intoArray(out, to + COUNT);
      to += step;
    }
  }

  private static void brainFloats(
      float[] out, int at, int step, MemorySegment data, long offset, int count) {
    int to = at;
    for (int i = 0; i < count; i += GROUP) {
      IntVector pairs = IntVector.fromMemorySegment(INTS, data, offset + 2L * i, ORDER);
      pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(out, to);
      pairs.and(0xFFFF0000).reinterpretAsFloats().intoArray(out, to + COUNT);
      to += step;
    }
  }

  private static void halves(
      float[] out, int at, int step, MemorySegment data, long offset, int count) {
    int to = at;
    for (int i = 0; i < count; i += GROUP) {
      IntVector pairs = IntVector.fromMemorySegment(INTS, data, offset + 2L * i, ORDER);
      half(pairs).intoArray(out, to);
      half(pairs.lanewise(VectorOperators.LSHR, 16)).intoArray(out, to + COUNT);
      to += step;
    }
  }

  /**
   * The lower 16 bits of each lane as IEEE binary16. Exponent and fraction, moved to their place in
   * binary32, are the number times 2^-112, subnormal ones included; only infinities and NaNs need
   * their exponent set.
   */
  private static FloatVector half(IntVector bits) {
    IntVector magnitude = bits.and(0x7FFF).lanewise(VectorOperators.LSHL, 13);
    VectorMask<Integer> special = magnitude.compare(VectorOperators.GE, 0x7C00 << 13);
    IntVector finite = magnitude.reinterpretAsFloats().mul(0x1p112f).reinterpretAsInts();
    IntVector number = finite.blend(magnitude.or(0x7F800000), special);
    return number.or(bits.and(0x8000).lanewise(VectorOperators.LSHL, 16)).reinterpretAsFloats();
  }
}
