package org.vesalius.runtime.vision;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Learned position embeddings of a square grid, interpolated to a grid of another size ({@code
 * get_vision_bilinear_indices_and_weights} of transformers 5.12.1): corners fall on corners,
 * between them bilinear, without smoothing.
 *
 * @param table {@code (side * side, width)}, row by row
 * @param side positions of a side
 */
public record PositionTable(Tensor table, int side) {

  /** Computes {@code out (patches, width)} in merge order. */
  public void forward(Kernels kernels, Tensor out, MergedGrid grid, VisionScratch scratch) {
    float[] rows = steps(grid.rows());
    float[] columns = steps(grid.columns());
    int[][] positions = grid.positions();
    int[][] index = new int[4][grid.patches()];
    float[][] shares = new float[4][grid.patches()];
    for (int i = 0; i < grid.patches(); i++) {
      float y = rows[positions[0][i]];
      float x = columns[positions[1][i]];
      int top = (int) y;
      int left = (int) x;
      int bottom = Math.min(top + 1, side - 1);
      int right = Math.min(left + 1, side - 1);
      float down = y - top;
      float across = x - left;
      index[0][i] = top * side + left;
      index[1][i] = top * side + right;
      index[2][i] = bottom * side + left;
      index[3][i] = bottom * side + right;
      shares[0][i] = (1 - down) * (1 - across);
      shares[1][i] = (1 - down) * across;
      shares[2][i] = down * (1 - across);
      shares[3][i] = down * across;
    }
    kernels.mixRows(out, table, scratch.integers(index), scratch.numbers(shares));
  }

  /** {@code count} equal steps from the first to the last position, as torch.linspace has them. */
  private float[] steps(int count) {
    float[] steps = new float[count];
    float step = count == 1 ? 0 : (side - 1) / (float) (count - 1);
    for (int i = 0; i < count; i++) {
      steps[i] = i < count / 2 || count == 1 ? step * i : side - 1 - step * (count - 1 - i);
    }
    return steps;
  }
}
