package org.vesalius.runtime.vision;

import java.util.Arrays;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.Norm;

/**
 * Joins the patches of each merged cell, which are neighbours in memory, and maps them to the
 * decoder's width (Qwen2-VL and after).
 *
 * @param norm over each patch, or over each joined cell
 * @param normalisesCells whether the norm is over joined cells
 * @param inner {@code (cell width, cell width)}
 * @param output {@code (decoder width, cell width)}
 */
public record PatchMerger(Norm norm, boolean normalisesCells, Linear inner, Linear output) {

  /**
   * Computes an embedding for each cell, in order.
   *
   * @param out {@code (cells, decoder width)}
   * @param x {@code (patches, width)}, contiguous
   */
  public void forward(Kernels kernels, Tensor out, Tensor x, VisionScratch scratch) {
    int[] inOrder = new int[out.rows()];
    Arrays.setAll(inOrder, i -> i);
    forward(kernels, out, x, scratch, scratch.integers(inOrder));
  }

  /**
   * Computes an embedding for each cell.
   *
   * @param out {@code (cells, decoder width)}
   * @param x {@code (patches, width)}, contiguous
   * @param cellOrder row of {@code out} for each cell
   */
  public void forward(
      Kernels kernels, Tensor out, Tensor x, VisionScratch scratch, Tensor cellOrder) {
    int cellWidth = inner.weight().rows();
    Tensor cells = scratch.mixed().reshape(out.rows(), cellWidth);
    if (normalisesCells) {
      norm.forward(kernels, cells, x.reshape(out.rows(), cellWidth));
    } else {
      norm.forward(kernels, scratch.mixed(), x);
    }
    int slice = Math.min(VisionScratch.SLICE, out.rows());
    Tensor raised = scratch.borrow(slice, cellWidth);
    Tensor merged = scratch.borrow(slice, out.columns());
    scratch.slices(
        out.rows(),
        (from, count) -> {
          inner.forward(kernels, raised.firstRows(count), cells.rows(from, count));
          kernels.activate(raised.firstRows(count), Activation.GELU);
          output.forward(kernels, merged.firstRows(count), raised.firstRows(count));
          kernels.scatterRows(out, merged.firstRows(count), cellOrder.columns(from, count));
        });
  }
}
