package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * One token by a weight of integers, which is read once, straight from where it is stored, four
 * rows at a time.
 */
final class IntegerStream implements BatchProduct {
  /** Bytes of weights that a thread takes at a time. */
  private static final int PIECE_BYTES = 128 << 10;

  private static final int ROWS = IntegerDots.ROWS;

  /** What a thread computes in. */
  private static final class Space {
    int[] dots = new int[0];
    short[] halves = new short[0];
    float[] scales = new float[0];
    float[] minimums = new float[0];

    void require(int groups) {
      if (scales.length < ROWS * groups) {
        dots = new int[groups * IntegerDots.COUNT];
        halves = new short[ROWS * groups];
        scales = new float[ROWS * groups];
        minimums = new float[ROWS * groups];
      }
    }
  }

  private final Space[] spaces;

  IntegerStream(int threads) {
    spaces = new Space[threads];
    Arrays.setAll(spaces, _ -> new Space());
  }

  @Override
  public int width(Weight weight) {
    return IntegerActivations.width(weight) + IntegerActivations.scales(weight) / 2;
  }

  @Override
  public int tokens(int count) {
    return 1;
  }

  @Override
  public int outputs(Batch batch, int pieces) {
    long rowBytes = batch.weight().byteSize() / Math.max(1, batch.weight().rows()) + 1;
    return (int) Math.max(1, PIECE_BYTES / rowBytes / ROWS) * ROWS;
  }

  @Override
  public void pack(float[] packed, Batch batch, Tensor x, int t) {
    Weight weight = batch.weight();
    IntegerActivations.pack(packed, batch.at(), x, batch.row(), weight);
    IntegerDots.narrow(
        packed,
        batch.at(),
        batch.at() + IntegerActivations.width(weight),
        IntegerActivations.groups(weight),
        weight instanceof Weight.Int8);
  }

  @Override
  public void multiply(
      Tensor out,
      Batch batch,
      @Nullable Tensor bias,
      int from,
      int to,
      float[] packed,
      int thread) {
    Weight weight = batch.weight();
    Space space = spaces[thread];
    space.require(IntegerActivations.groups(weight));
    for (int row = from; row < to; row += ROWS) {
      int rows = Math.min(ROWS, to - row);
      switch (weight) {
        case Weight.Int8 quantized -> read(quantized, row, rows, packed, batch.at(), space);
        case Weight.Int4 quantized -> read(quantized, row, rows, packed, batch.at(), space);
        case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Transposed _ ->
            throw new IllegalArgumentException("not a weight of integers: " + weight);
      }
      add(out, batch, bias, row, rows, packed, space);
    }
  }

  /** Adds the groups of four rows, each a chain of dependent sums, side by side. */
  private static void add(
      Tensor out,
      Batch batch,
      @Nullable Tensor bias,
      int row,
      int rows,
      float[] packed,
      Space space) {
    Weight weight = batch.weight();
    int groups = IntegerActivations.groups(weight);
    int x = batch.at() + IntegerActivations.scales(weight);
    int[] dots = space.dots;
    float[] scales = space.scales;
    float[] minimums = space.minimums;
    boolean shifted = weight instanceof Weight.Int4;
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int g = 0; g < groups; g++) {
      int d = g * IntegerDots.COUNT;
      int g1 = g + groups;
      int g2 = g1 + groups;
      int g3 = g2 + groups;
      float scale = packed[x + g];
      s0 = Math.fma((float) dots[d], scales[g] * scale, s0);
      s1 = Math.fma((float) dots[d + 1], scales[g1] * scale, s1);
      s2 = Math.fma((float) dots[d + 2], scales[g2] * scale, s2);
      s3 = Math.fma((float) dots[d + 3], scales[g3] * scale, s3);
      if (shifted) {
        float sum = packed[x + groups + g];
        s0 = Math.fma(minimums[g], sum, s0);
        s1 = Math.fma(minimums[g1], sum, s1);
        s2 = Math.fma(minimums[g2], sum, s2);
        s3 = Math.fma(minimums[g3], sum, s3);
      }
    }
    for (int i = 0; i < rows; i++) {
      float sum = i == 0 ? s0 : i == 1 ? s1 : i == 2 ? s2 : s3;
      MatrixProduct.put(out, batch.row(), row + i, sum, bias);
    }
  }

  /** Dot products and scales of up to four rows. */
  private static void read(
      Weight.Int8 weight, int row, int rows, float[] packed, int at, Space space) {
    int groups = weight.groups();
    int columns = weight.columns();
    long first = (long) row * columns;
    int whole = 0;
    if (rows == ROWS) {
      whole = columns / IntegerDots.BYTES * IntegerDots.BYTES;
      int narrow = at + IntegerActivations.width(weight);
      IntegerDots.bytes(weight.data(), first, columns, packed, narrow, whole, space.dots);
    }
    int begun = Math.ceilDiv(whole, Weight.Int8.GROUP) * IntegerDots.COUNT;
    Arrays.fill(space.dots, begun, groups * IntegerDots.COUNT, 0);
    for (int i = 0; i < rows; i++) {
      for (int c = whole; c < columns; c++) {
        int q = weight.data().get(ValueLayout.JAVA_BYTE, first + (long) i * columns + c);
        space.dots[c / Weight.Int8.GROUP * IntegerDots.COUNT + i] += q * (int) packed[at + c];
      }
    }
    MemorySegment.copy(
        weight.scales(),
        ValueLayout.JAVA_FLOAT_UNALIGNED,
        4L * row * groups,
        space.scales,
        0,
        rows * groups);
  }

  /** As for 8-bit integers. */
  private static void read(
      Weight.Int4 weight, int row, int rows, float[] packed, int at, Space space) {
    int groups = weight.groups();
    long first = (long) row * groups;
    long stride = (long) groups * Weight.Int4.GROUP_BYTES;
    if (rows == ROWS) {
      int narrow = at + IntegerActivations.width(weight);
      IntegerDots.nibbles(weight.data(), row * stride, stride, packed, narrow, groups, space.dots);
    } else {
      Arrays.fill(space.dots, 0, groups * IntegerDots.COUNT, 0);
      for (int i = 0; i < rows; i++) {
        for (int c = 0; c < weight.columns(); c++) {
          int q = QuantizedRows.integer(weight, row + i, c);
          space.dots[c / Weight.Int4.GROUP * IntegerDots.COUNT + i] += q * (int) packed[at + c];
        }
      }
    }
    widen(weight.scales(), first, rows * groups, space.halves, space.scales);
    widen(weight.minimums(), first, rows * groups, space.halves, space.minimums);
  }

  private static void widen(
      MemorySegment data, long first, int count, short[] halves, float[] out) {
    MemorySegment.copy(data, ValueLayout.JAVA_SHORT_UNALIGNED, 2 * first, halves, 0, count);
    for (int i = 0; i < count; i++) {
      out[i] = Float.float16ToFloat(halves[i]);
    }
  }
}
