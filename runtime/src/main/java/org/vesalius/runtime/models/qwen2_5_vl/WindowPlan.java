package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.Arrays;

/**
 * The order in which the tower works on an image's merged cells, window by window, and where
 * windows begin ({@code get_window_index}). Cells of the right and lower windows of a grid that the
 * window size does not divide are fewer.
 *
 * @param cellOrder {@code cellOrder[i]} is the raster index of the i-th cell in window order
 * @param windowStarts first patch of each window in window order, and the number of patches
 * @param positions {@code [row, column][patch]} of every patch in window order
 */
@SuppressWarnings("ArrayRecordComponent") // copied into tensors; never compared
record WindowPlan(int[] cellOrder, int[] windowStarts, int[][] positions) {

  /** The plan for {@code frames} frames of {@code gridH * gridW} patches, each by itself. */
  static WindowPlan of(int frames, int gridH, int gridW, VisionConfig config) {
    WindowPlan one = of(gridH, gridW, config);
    int cells = one.cellOrder.length;
    int patches = cells * config.common().cellPatches();
    int windows = one.windowStarts.length - 1;
    int[] order = new int[frames * cells];
    Arrays.setAll(order, i -> i / cells * cells + one.cellOrder[i % cells]);
    int[] starts = new int[frames * windows + 1];
    Arrays.setAll(starts, i -> i / windows * patches + one.windowStarts[i % windows]);
    int[][] positions = new int[2][frames * patches];
    for (int axis = 0; axis < 2; axis++) {
      int[] ofOne = one.positions[axis];
      Arrays.setAll(positions[axis], i -> ofOne[i % patches]);
    }
    return new WindowPlan(order, starts, positions);
  }

  /** The plan for one image of {@code gridH * gridW} patches. */
  static WindowPlan of(int gridH, int gridW, VisionConfig config) {
    int merge = config.common().mergeSize();
    int rows = gridH / merge;
    int columns = gridW / merge;
    int side = config.windowCells();
    int[] order = new int[rows * columns];
    int[] starts = new int[Math.ceilDiv(rows, side) * Math.ceilDiv(columns, side) + 1];
    int[][] positions = new int[2][rows * columns * config.common().cellPatches()];
    int cell = 0;
    int window = 0;
    int patch = 0;
    for (int top = 0; top < rows; top += side) {
      for (int left = 0; left < columns; left += side) {
        for (int r = top; r < Math.min(rows, top + side); r++) {
          for (int c = left; c < Math.min(columns, left + side); c++) {
            order[cell++] = r * columns + c;
            for (int p = 0; p < config.common().cellPatches(); p++) {
              positions[0][patch] = r * merge + p / merge;
              positions[1][patch] = c * merge + p % merge;
              patch++;
            }
          }
        }
        starts[++window] = patch;
      }
    }
    return new WindowPlan(order, starts, positions);
  }

  /**
   * For every patch in window order, its row among the patches as the image processor lays them
   * out.
   */
  int[] patchOrder(int cellPatches) {
    int[] order = new int[cellOrder.length * cellPatches];
    Arrays.setAll(order, i -> cellOrder[i / cellPatches] * cellPatches + i % cellPatches);
    return order;
  }
}
