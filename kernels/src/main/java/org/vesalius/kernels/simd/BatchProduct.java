package org.vesalius.kernels.simd;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * One way to multiply a few rows of activations with one weight: activations are packed once, then
 * threads take pieces of the outputs. All ways of one storage order give the same bits.
 */
interface BatchProduct {

  /**
   * A weight and the rows that it multiplies in one pass.
   *
   * @param way how they are multiplied
   * @param weight the weight
   * @param row the first row, of activations and of outputs
   * @param count number of rows
   * @param at where the packed rows start
   */
  record Batch(BatchProduct way, Weight weight, int row, int count, int at) {

    /** Rows in packed order, those of zeros at the end included. */
    int tokens() {
      return way.tokens(count);
    }
  }

  /** Numbers of a packed row. */
  default int width(Weight weight) {
    return Lanes.roundUp(weight.columns(), DotTiles.COLUMNS);
  }

  /** How many rows are packed for {@code count}. */
  int tokens(int count);

  /**
   * Outputs of a piece.
   *
   * @param pieces how many pieces of the batch keep all threads busy
   */
  int outputs(Batch batch, int pieces);

  /** Packs row {@code t} of the batch; zeros where it has fewer. */
  void pack(float[] packed, Batch batch, Tensor x, int t);

  /** Computes outputs {@code from} to {@code to} of all rows of the batch. */
  void multiply(
      Tensor out, Batch batch, @Nullable Tensor bias, int from, int to, float[] packed, int thread);
}
