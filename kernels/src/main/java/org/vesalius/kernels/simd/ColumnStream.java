package org.vesalius.kernels.simd;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * One token by a transposed weight: stored rows are read once, eight at a time, and added to a
 * block of outputs that stays in the first-level cache.
 */
final class ColumnStream implements BatchProduct {
  /** The most outputs of a block, which a stored row holds side by side. */
  private static final int OUTPUTS = 1024;

  /** The fewest: shorter runs of memory take longer than an idle thread costs. */
  private static final int FEWEST = 256;

  /** Stored rows of which the outputs beyond the last whole group are converted at a time. */
  private static final int DEPTH = 64;

  private final Scratch[] sums;
  private final Scratch[] rests;

  ColumnStream(int threads) {
    sums = Scratch.perThread(threads);
    rests = Scratch.perThread(threads);
  }

  @Override
  public int tokens(int count) {
    return 1;
  }

  @Override
  public int outputs(Batch batch, int pieces) {
    int even = Lanes.roundUp((batch.weight().rows() + pieces - 1) / pieces, Panels.GROUP);
    return Math.clamp(even, FEWEST, OUTPUTS);
  }

  @Override
  public void pack(float[] packed, Batch batch, Tensor x, int t) {
    ColumnPanels.copyRow(packed, batch.at(), x, batch.row());
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
    Weight stored = ColumnPanels.stored(weight);
    int whole = (to - from) / Panels.GROUP * Panels.GROUP;
    float[] block = sums[thread].floats(OUTPUTS);
    Arrays.fill(block, 0, OUTPUTS, 0);
    whole(stored, from, whole, packed, batch.at(), block);
    if (from + whole < to) {
      float[] rest = rests[thread].floats(DEPTH * Panels.GROUP);
      for (int first = 0; first < weight.columns(); first += DEPTH) {
        int depth = Math.min(DEPTH, weight.columns() - first);
        for (int j = 0; j < depth; j++) {
          int at = j * Panels.GROUP;
          Panels.weights(rest, at, 0, stored, first + j, from + whole, Panels.GROUP);
        }
        AttentionTiles.one(packed, batch.at() + first, rest, 0, 0, depth, block, whole);
      }
    }
    boolean split = Panels.split(stored);
    for (int i = 0; i < to - from; i++) {
      float sum = block[Panels.grouped(i, split)];
      MatrixProduct.put(out, batch.row(), from + i, sum, bias);
    }
  }

  private static void whole(
      Weight stored, int from, int count, float[] packed, int at, float[] block) {
    int size = stored instanceof Weight.F32 ? 4 : 2;
    long stride = (long) stored.columns() * size;
    MemorySegment data = stored.data();
    int j = 0;
    for (; j <= stored.rows() - ColumnTiles.STREAMS; j += ColumnTiles.STREAMS) {
      long offset = j * stride + (long) from * size;
      if (size == 2) {
        ColumnTiles.eightBrainFloats(data, offset, stride, packed, at + j, count, block);
      } else {
        ColumnTiles.eightFloats(data, offset, stride, packed, at + j, count, block);
      }
    }
    for (; j < stored.rows(); j++) {
      long offset = j * stride + (long) from * size;
      if (size == 2) {
        ColumnTiles.oneBrainFloat(data, offset, packed[at + j], count, block);
      } else {
        ColumnTiles.oneFloat(data, offset, packed[at + j], count, block);
      }
    }
  }
}
