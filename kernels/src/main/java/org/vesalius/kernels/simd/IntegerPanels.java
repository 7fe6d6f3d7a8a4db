package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Several tokens by a weight of integers: a thread spreads a group of columns of {@link
 * IntegerTiles#WIDTH} rows to floats in its cache, outputs side by side, and multiplies them with
 * all tokens of the batch.
 */
final class IntegerPanels implements BatchProduct {
  private static final int WIDTH = IntegerTiles.WIDTH;

  /** Outputs that a thread takes at a time. */
  private static final int OUTPUTS = 64;

  /** Columns of a word of 8-bit integers, and half of those of a word of 4-bit ones. */
  private static final int WORD = 4;

  /** What a thread computes in. */
  private static final class Space {
    final float[] panel = new float[Weight.Int8.GROUP * WIDTH];
    final int[] row = new int[Weight.Int8.GROUP / WORD];
    final int[] words = new int[Weight.Int8.GROUP / WORD * WIDTH];
    final float[] scales = new float[WIDTH];
    final float[] minimums = new float[WIDTH];
    final Scratch sums = new Scratch();
  }

  private final Space[] spaces;

  IntegerPanels(int threads) {
    spaces = new Space[threads];
    Arrays.setAll(spaces, _ -> new Space());
  }

  @Override
  public int width(Weight weight) {
    return IntegerActivations.width(weight);
  }

  @Override
  public int tokens(int count) {
    return Lanes.roundUp(count, IntegerTiles.TOKENS);
  }

  @Override
  public int outputs(Batch batch, int pieces) {
    return OUTPUTS;
  }

  @Override
  public void pack(float[] packed, Batch batch, Tensor x, int t) {
    int width = width(batch.weight());
    int at = batch.at() + t * width;
    if (t < batch.count()) {
      IntegerActivations.pack(packed, at, x, batch.row() + t, batch.weight());
    } else {
      Arrays.fill(packed, at, at + width, 0);
    }
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
    int tokens = batch.tokens();
    int group = IntegerActivations.group(weight);
    int groups = IntegerActivations.groups(weight);
    int stride = width(weight);
    int scales = batch.at() + groups * group;
    float[] sums = space.sums.floats(tokens * WIDTH);
    for (int first = from; first < to; first += WIDTH) {
      int rows = Math.min(WIDTH, to - first);
      Arrays.fill(sums, 0, tokens * WIDTH, 0);
      for (int g = 0; g < groups; g++) {
        int count = Math.min(group, weight.columns() - g * group);
        switch (weight) {
          case Weight.Int8 quantized -> spread(quantized, first, rows, g, count, space);
          case Weight.Int4 quantized -> spread(quantized, first, rows, g, space);
          case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ ->
              throw new IllegalArgumentException("not a weight of integers: " + weight);
        }
        boolean minimums = weight instanceof Weight.Int4;
        for (int t = 0; t < tokens; t += IntegerTiles.TOKENS) {
          int x = batch.at() + t * stride + g * group;
          int scale = scales + t * stride + g;
          IntegerTiles.four(
              packed,
              x,
              stride,
              space.panel,
              count,
              space.scales,
              0,
              scale,
              sums,
              t * WIDTH,
              WIDTH);
          for (int i = t; minimums && i < t + IntegerTiles.TOKENS; i++) {
            float sum = packed[scales + i * stride + groups + g];
            IntegerTiles.minimums(space.minimums, 0, sum, sums, i * WIDTH);
          }
        }
      }
      for (int t = 0; t < batch.count(); t++) {
        for (int r = 0; r < rows; r++) {
          MatrixProduct.put(out, batch.row() + t, first + r, sums[t * WIDTH + r], bias);
        }
      }
    }
  }

  private static void spread(
      Weight.Int8 weight, int first, int rows, int g, int count, Space space) {
    int words = count / WORD;
    for (int r = 0; r < WIDTH; r++) {
      if (r >= rows) {
        clear(space, r, Math.ceilDiv(count, WORD));
        continue;
      }
      long offset = (long) (first + r) * weight.columns() + (long) g * Weight.Int8.GROUP;
      MemorySegment.copy(
          weight.data(), ValueLayout.JAVA_INT_UNALIGNED, offset, space.row, 0, words);
      if (words * WORD < count) {
        int last = 0;
        for (int i = words * WORD; i < count; i++) {
          int q = weight.data().get(ValueLayout.JAVA_BYTE, offset + i) & 0xFF;
          last |= q << (8 * (i % WORD));
        }
        space.row[words] = last;
      }
      turn(space, r, Math.ceilDiv(count, WORD));
      long scale = (long) (first + r) * weight.groups() + g;
      space.scales[r] = weight.scales().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * scale);
    }
    for (int i = 0; i < Math.ceilDiv(count, WORD); i++) {
      IntegerTiles.spread8(space.words, i * WIDTH, space.panel, i * WORD);
    }
  }

  private static void spread(Weight.Int4 weight, int first, int rows, int g, Space space) {
    int words = Weight.Int4.GROUP_BYTES / WORD;
    for (int r = 0; r < WIDTH; r++) {
      if (r >= rows) {
        clear(space, r, words);
        continue;
      }
      long group = (long) (first + r) * weight.groups() + g;
      MemorySegment.copy(
          weight.data(),
          ValueLayout.JAVA_INT_UNALIGNED,
          group * Weight.Int4.GROUP_BYTES,
          space.row,
          0,
          words);
      turn(space, r, words);
      space.scales[r] = QuantizedRows.half(weight.scales(), group);
      space.minimums[r] = QuantizedRows.half(weight.minimums(), group);
    }
    for (int i = 0; i < words; i++) {
      IntegerTiles.spread4(space.words, i * WIDTH, space.panel, i * WORD);
    }
  }

  private static void turn(Space space, int r, int words) {
    for (int i = 0; i < words; i++) {
      space.words[i * WIDTH + r] = space.row[i];
    }
  }

  /** A row beyond the last. */
  private static void clear(Space space, int r, int words) {
    for (int i = 0; i < words; i++) {
      space.words[i * WIDTH + r] = 0;
    }
    space.scales[r] = 0;
    space.minimums[r] = 0;
  }
}
