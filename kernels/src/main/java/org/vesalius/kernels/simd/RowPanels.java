package org.vesalius.kernels.simd;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Several tokens: a thread converts a few rows of the weight, {@link #COLUMNS} columns at a time,
 * to floats in its cache and multiplies them with all tokens of the batch.
 */
final class RowPanels implements BatchProduct {
  /** Rows that a thread takes at a time; a multiple of {@link DotTiles#ROWS}. */
  private static final int ROWS = 32;

  /** Rows of a panel, few enough that it stays in the first-level cache; a multiple of the same. */
  private static final int PANEL = 8;

  private static final int COLUMNS = DotTiles.COLUMNS;

  private final Scratch[] panels;
  private final Scratch[] sums;

  RowPanels(int threads) {
    panels = Scratch.perThread(threads);
    sums = Scratch.perThread(threads);
  }

  @Override
  public int tokens(int count) {
    return Lanes.roundUp(count, DotTiles.TOKENS);
  }

  @Override
  public int outputs(Batch batch, int pieces) {
    return ROWS;
  }

  /** Panel order: all tokens of a panel's columns together, so that they stay in cache. */
  @Override
  public void pack(float[] packed, Batch batch, Tensor x, int t) {
    int padded = Lanes.roundUp(batch.weight().columns(), Panels.GROUP);
    boolean split = Panels.split(batch.weight());
    for (int first = 0; first < padded; first += COLUMNS) {
      int width = Math.min(COLUMNS, padded - first);
      int at = batch.at() + batch.tokens() * first + t * COLUMNS;
      if (t < batch.count()) {
        Panels.activations(packed, at, x, batch.row() + t, first, width, split);
      } else {
        Arrays.fill(packed, at, at + width, 0);
      }
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
    int rows = to - from;
    int tokens = batch.tokens();
    int padded = Lanes.roundUp(weight.columns(), Panels.GROUP);
    float[] panel = panels[thread].floats(PANEL * COLUMNS);
    int stride = tokens * Lanes.COUNT;
    float[] lanes = sums[thread].floats(ROWS * stride);
    Arrays.fill(lanes, 0, Lanes.roundUp(rows, DotTiles.ROWS) * stride, 0);
    for (int first = 0; first < padded; first += COLUMNS) {
      int width = Math.min(COLUMNS, padded - first);
      for (int r = 0; r < rows; r += PANEL) {
        int height = Math.min(PANEL, rows - r);
        for (int i = 0; i < height; i++) {
          Panels.weights(panel, i * width, Panels.GROUP, weight, from + r + i, first, width);
        }
        int paddedHeight = Lanes.roundUp(height, DotTiles.ROWS);
        Arrays.fill(panel, height * width, paddedHeight * width, 0);
        for (int t = 0; t < tokens; t += DotTiles.TOKENS) {
          int at = batch.at() + tokens * first + t * COLUMNS;
          for (int i = 0; i < paddedHeight; i += DotTiles.ROWS) {
            int s = (r + i) * stride + t * Lanes.COUNT;
            DotTiles.twoByFour(panel, i * width, packed, at, width, lanes, s, stride);
          }
        }
      }
    }
    for (int t = 0; t < batch.count(); t++) {
      for (int r = 0; r < rows; r++) {
        float sum = Lanes.sum(lanes, r * stride + t * Lanes.COUNT);
        MatrixProduct.put(out, batch.row() + t, from + r, sum, bias);
      }
    }
  }
}
