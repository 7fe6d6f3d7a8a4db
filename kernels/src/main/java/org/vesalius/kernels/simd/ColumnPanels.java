package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Several tokens by a transposed weight: a thread converts {@link #DEPTH} stored rows of a block of
 * outputs to floats in its cache, in panels as wide as a tile, and multiplies them with all tokens.
 */
final class ColumnPanels implements BatchProduct {
  /** Outputs of a block for many tokens, whose sums stay in the second-level cache with it. */
  private static final int OUTPUTS = 256;

  /** Outputs of a block for few tokens: longer runs of memory. */
  private static final int LONG_OUTPUTS = 512;

  private static final int FEW = 32;

  /** Stored rows of a panel. */
  private static final int DEPTH = 64;

  /** From panel to panel; the odd row keeps them out of each other's place in the cache. */
  private static final int STEP = (DEPTH + 1) * AttentionTiles.WIDTH;

  private final Scratch[] panels;
  private final Scratch[] sums;

  ColumnPanels(int threads) {
    panels = Scratch.perThread(threads);
    sums = Scratch.perThread(threads);
  }

  /** The matrix in memory of a transposed weight. */
  static Weight stored(Weight weight) {
    if (weight instanceof Weight.Transposed(Weight stored)) {
      return stored;
    }
    throw new IllegalArgumentException("not a transposed weight: " + weight);
  }

  static void copyRow(float[] packed, int at, Tensor x, int row) {
    long offset = 4L * row * x.stride();
    MemorySegment.copy(x.data(), ValueLayout.JAVA_FLOAT, offset, packed, at, x.columns());
  }

  @Override
  public int tokens(int count) {
    return Lanes.roundUp(count, AttentionTiles.ROWS);
  }

  @Override
  public int outputs(Batch batch, int pieces) {
    return batch.count() <= FEW ? LONG_OUTPUTS : OUTPUTS;
  }

  @Override
  public void pack(float[] packed, Batch batch, Tensor x, int t) {
    int at = batch.at() + t * x.columns();
    if (t < batch.count()) {
      copyRow(packed, at, x, batch.row() + t);
    } else {
      Arrays.fill(packed, at, at + x.columns(), 0);
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
    Weight stored = stored(batch.weight());
    int columns = batch.weight().columns();
    int width = Lanes.roundUp(to - from, AttentionTiles.WIDTH);
    int groups = width / AttentionTiles.WIDTH;
    float[] panel = panels[thread].floats(groups * STEP);
    float[] block = sums[thread].floats(batch.tokens() * width);
    Arrays.fill(block, 0, batch.tokens() * width, 0);
    for (int first = 0; first < columns; first += DEPTH) {
      int depth = Math.min(DEPTH, columns - first);
      for (int j = 0; j < depth; j++) {
        int at = j * AttentionTiles.WIDTH;
        Panels.weights(panel, at, STEP, stored, first + j, from, width);
      }
      for (int group = 0; group < groups; group++) {
        tiles(packed, batch, columns, first, depth, panel, group, block, width);
      }
    }
    boolean split = Panels.split(stored);
    for (int t = 0; t < batch.count(); t++) {
      for (int i = 0; i < to - from; i++) {
        float sum = block[t * width + Panels.grouped(i, split)];
        MatrixProduct.put(out, batch.row() + t, from + i, sum, bias);
      }
    }
  }

  private static void tiles(
      float[] packed,
      Batch batch,
      int columns,
      int first,
      int depth,
      float[] panel,
      int group,
      float[] block,
      int width) {
    int at = group * STEP;
    for (int t = 0; t < batch.count(); t += AttentionTiles.ROWS) {
      int factors = batch.at() + t * columns + first;
      int s = t * width + group * AttentionTiles.WIDTH;
      if (batch.count() - t == 1) {
        AttentionTiles.one(packed, factors, panel, at, 0, depth, block, s);
      } else {
        AttentionTiles.four(packed, factors, columns, panel, at, 0, depth, block, s, width);
      }
    }
  }
}
