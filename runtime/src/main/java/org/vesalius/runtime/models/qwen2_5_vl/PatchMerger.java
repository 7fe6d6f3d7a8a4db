package org.vesalius.runtime.models.qwen2_5_vl;

import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.RmsNorm;
import org.vesalius.runtime.layers.WeightReader;

/**
 * Joins the patches of each merged cell and maps them to the decoder's width.
 *
 * @param norm over each patch
 * @param inner {@code (cell width, cell width)}
 * @param output {@code (decoder width, cell width)}
 */
record PatchMerger(RmsNorm norm, Linear inner, Linear output) {

  static PatchMerger read(WeightReader reader, VisionConfig config) {
    int cell = config.width() * config.cellPatches();
    return new PatchMerger(
        reader.rmsNorm("ln_q", config.width(), VisionTower.EPSILON),
        reader.at("mlp").linear("0", cell, cell, true),
        reader.at("mlp").linear("2", config.outputWidth(), cell, true));
  }

  /**
   * Computes the embeddings of an image in raster order.
   *
   * @param out {@code (cells, decoder width)}
   * @param x {@code (patches, width)} in window order
   * @param cellOrder raster index of each cell in window order
   */
  void forward(Kernels kernels, Tensor out, Tensor x, VisionScratch scratch, Tensor cellOrder) {
    int cellWidth = inner.weight().rows();
    Tensor normed = scratch.mixed();
    norm.forward(kernels, normed, x);
    Tensor cells = normed.reshape(out.rows(), cellWidth);
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
