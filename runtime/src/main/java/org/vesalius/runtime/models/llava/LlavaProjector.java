package org.vesalius.runtime.models.llava;

import java.util.List;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.VisionScratch;
import org.vesalius.runtime.vision.image.Grid;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * The features of one or several depths of a tower, mapped to the decoder by two matrices with an
 * activation between ({@code LlavaMultiModalProjector}).
 *
 * @param tower runs as far as the deepest features that are used
 * @param depths after how many blocks features are taken
 * @param dropsClassToken whether the class token has no embedding
 * @param inner {@code (decoder width, depths * tower width)}
 * @param output {@code (decoder width, decoder width)}
 */
public record LlavaProjector(
    Kernels kernels,
    FixedResolutionTower tower,
    TensorPool pool,
    List<Integer> depths,
    boolean dropsClassToken,
    Linear inner,
    Activation activation,
    Linear output) {

  /** Embeddings of a tile. */
  public int tokens() {
    return tower.config().rows() - (dropsClassToken ? 1 : 0);
  }

  /** Refuses pictures that the tower's positions don't fit. */
  public void requireGrid(ConfigNode node, Grid grid) {
    tower.config().requireGrid(node, "crop_size", grid);
  }

  /** Width of the decoder. */
  public int outputWidth() {
    return output.weight().rows();
  }

  /** Operations for one tile; multiply and add are two. */
  public double operations() {
    double width = outputWidth();
    return tower.operations() + 2.0 * tokens() * width * (inner.weight().columns() + width);
  }

  /** Computes {@code out (tokens, decoder width)} for one tile. */
  public void encode(Tensor out, ImagePatches tile, LayerObserver observer) {
    try (VisionScratch scratch =
        new VisionScratch(kernels, pool, tower.config().sizes(), tower.config().rows())) {
      Tensor all = scratch.borrow(tower.config().rows(), inner.weight().columns());
      tower.forward(tile, scratch, depths, all, observer);
      Tensor features = all.rows(dropsClassToken ? 1 : 0, tokens());
      observer.observe(kernels, "vision.projector_in", features);
      Tensor raised = scratch.borrow(tokens(), outputWidth());
      inner.forward(kernels, raised, features);
      kernels.activate(raised, activation);
      output.forward(kernels, out, raised);
    }
  }
}
