package org.vesalius.runtime.vision;

import org.jspecify.annotations.Nullable;
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

  /** Computes an embedding for each cell, in the order of the cells. */
  public void forward(Kernels kernels, Tensor out, Tensor x, VisionScratch scratch) {
    forward(kernels, out, x, scratch, null);
  }

  /**
   * Computes an embedding for each cell.
   *
   * @param out {@code (cells, decoder width)}
   * @param x {@code (patches, width)}, contiguous
   * @param cellOrder row of {@code out} for each cell, or null for the order of the cells
   */
  public void forward(
      Kernels kernels, Tensor out, Tensor x, VisionScratch scratch, @Nullable Tensor cellOrder) {
    int cellWidth = inner.weight().rows();
    Tensor cells = scratch.mixed().reshape(out.rows(), cellWidth);
    if (normalisesCells) {
      norm.forward(kernels, cells, x.reshape(out.rows(), cellWidth));
    } else {
      norm.forward(kernels, scratch.mixed(), x);
    }
    int slice = Math.min(VisionScratch.SLICE, out.rows());
    Tensor raised = scratch.borrow(slice, cellWidth);
    Tensor merged = cellOrder == null ? out : scratch.borrow(slice, out.columns());
    scratch.slices(
        out.rows(),
        (from, count) -> {
          Tensor part = cellOrder == null ? out.rows(from, count) : merged.firstRows(count);
          inner.forward(kernels, raised.firstRows(count), cells.rows(from, count));
          kernels.activate(raised.firstRows(count), Activation.GELU);
          output.forward(kernels, part, raised.firstRows(count));
          if (cellOrder != null) {
            kernels.scatterRows(out, part, cellOrder.columns(from, count));
          }
        });
  }
}
