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

  /** What a thread computes in: dot products of four rows, scales of all rows of a piece. */
  private static final class Space {
    int[] dots = new int[0];
    short[] halves = new short[0];
    float[] scales = new float[0];
    float[] minimums = new float[0];

    void require(int rows, int groups) {
      int padded = Lanes.roundUp(rows, ROWS) * groups;
      if (dots.length < groups * IntegerDots.COUNT) {
        dots = new int[groups * IntegerDots.COUNT];
      }
      if (scales.length < padded) {
        halves = new short[padded];
        scales = new float[padded];
        minimums = new float[padded];
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
    space.require(to - from, IntegerActivations.groups(weight));
    readScales(weight, from, to - from, space);
    // Rows that lie far apart: four long runs of memory, which the processor fetches ahead.
    int step = (to - from) / ROWS;
    for (int i = 0; i < step; i++) {
      multiply(out, batch, bias, new Rows(from, i, step, ROWS), packed, space);
    }
    for (int i = step * ROWS; i < to - from; i++) {
      multiply(out, batch, bias, new Rows(from, i, 0, 1), packed, space);
    }
  }

  /**
   * Rows that are multiplied side by side.
   *
   * @param from first row of the piece
   * @param first of the rows, counted from there
   * @param step from row to row
   * @param count {@link #ROWS}, or one
   */
  private record Rows(int from, int first, int step, int count) {}

  private static void multiply(
      Tensor out, Batch batch, @Nullable Tensor bias, Rows rows, float[] packed, Space space) {
    switch (batch.weight()) {
      case Weight.Int8 bytes -> dots(bytes, rows, packed, batch.at(), space.dots);
      case Weight.Int4 nibbles -> dots(nibbles, rows, packed, batch.at(), space.dots);
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
          throw new IllegalArgumentException("not a weight of integers: " + batch.weight());
    }
    add(out, batch, bias, rows, packed, space);
  }

  /** Adds the groups of four rows, each a chain of dependent sums, side by side. */
  private static void add(
      Tensor out, Batch batch, @Nullable Tensor bias, Rows rows, float[] packed, Space space) {
    Weight weight = batch.weight();
    int groups = IntegerActivations.groups(weight);
    int x = batch.at() + IntegerActivations.scales(weight);
    int[] dots = space.dots;
    float[] scales = space.scales;
    float[] minimums = space.minimums;
    boolean shifted = weight instanceof Weight.Int4;
    int step = rows.step() * groups;
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int g = 0; g < groups; g++) {
      int d = g * IntegerDots.COUNT;
      int g0 = rows.first() * groups + g;
      int g1 = g0 + step;
      int g2 = g1 + step;
      int g3 = g2 + step;
      float scale = packed[x + g];
      s0 = Math.fma((float) dots[d], scales[g0] * scale, s0);
      s1 = Math.fma((float) dots[d + 1], scales[g1] * scale, s1);
      s2 = Math.fma((float) dots[d + 2], scales[g2] * scale, s2);
      s3 = Math.fma((float) dots[d + 3], scales[g3] * scale, s3);
      if (shifted) {
        float sum = packed[x + groups + g];
        s0 = Math.fma(minimums[g0], sum, s0);
        s1 = Math.fma(minimums[g1], sum, s1);
        s2 = Math.fma(minimums[g2], sum, s2);
        s3 = Math.fma(minimums[g3], sum, s3);
      }
    }
    int row = rows.from() + rows.first();
    MatrixProduct.put(out, batch.row(), row, s0, bias);
    if (rows.count() == ROWS) {
      MatrixProduct.put(out, batch.row(), row + rows.step(), s1, bias);
      MatrixProduct.put(out, batch.row(), row + 2 * rows.step(), s2, bias);
      MatrixProduct.put(out, batch.row(), row + 3 * rows.step(), s3, bias);
    }
  }

  private static void readScales(Weight weight, int from, int rows, Space space) {
    switch (weight) {
      case Weight.Int8 bytes -> {
        int count = rows * bytes.groups();
        long first = 4L * from * bytes.groups();
        MemorySegment.copy(
            bytes.scales(), ValueLayout.JAVA_FLOAT_UNALIGNED, first, space.scales, 0, count);
      }
      case Weight.Int4 nibbles -> {
        int count = rows * nibbles.groups();
        long first = (long) from * nibbles.groups();
        widen(nibbles.scales(), first, count, space.halves, space.scales);
        widen(nibbles.minimums(), first, count, space.halves, space.minimums);
      }
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
          throw new IllegalArgumentException("not a weight of integers: " + weight);
    }
  }

  private static void widen(
      MemorySegment data, long first, int count, short[] halves, float[] out) {
    MemorySegment.copy(data, ValueLayout.JAVA_SHORT_UNALIGNED, 2 * first, halves, 0, count);
    for (int i = 0; i < count; i++) {
      out[i] = Float.float16ToFloat(halves[i]);
    }
  }

  private static void dots(Weight.Int8 weight, Rows rows, float[] packed, int at, int[] dots) {
    int columns = weight.columns();
    long first = ((long) rows.from() + rows.first()) * columns;
    long stride = (long) rows.step() * columns;
    int whole = 0;
    if (rows.count() == ROWS) {
      whole = columns / IntegerDots.BYTES * IntegerDots.BYTES;
      int narrow = at + IntegerActivations.width(weight);
      IntegerDots.bytes(weight.data(), first, stride, packed, narrow, whole, dots);
    }
    int begun = Math.ceilDiv(whole, Weight.Int8.GROUP) * IntegerDots.COUNT;
    Arrays.fill(dots, begun, weight.groups() * IntegerDots.COUNT, 0);
    for (int i = 0; i < rows.count(); i++) {
      for (int c = whole; c < columns; c++) {
        int q = weight.data().get(ValueLayout.JAVA_BYTE, first + i * stride + c);
        dots[c / Weight.Int8.GROUP * IntegerDots.COUNT + i] += q * (int) packed[at + c];
      }
    }
  }

  private static void dots(Weight.Int4 weight, Rows rows, float[] packed, int at, int[] dots) {
    int groups = weight.groups();
    int row = rows.from() + rows.first();
    if (rows.count() == ROWS) {
      long bytes = (long) groups * Weight.Int4.GROUP_BYTES;
      int narrow = at + IntegerActivations.width(weight);
      IntegerDots.nibbles(
          weight.data(), row * bytes, rows.step() * bytes, packed, narrow, groups, dots);
      return;
    }
    Arrays.fill(dots, 0, groups * IntegerDots.COUNT, 0);
    for (int c = 0; c < weight.columns(); c++) {
      int q = QuantizedRows.integer(weight, row, c);
      dots[c / Weight.Int4.GROUP * IntegerDots.COUNT] += q * (int) packed[at + c];
    }
  }
}
