package org.vesalius.runtime.vision;

import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.image.ImagePatches;

/** A vision tower with its projector: patches in, rows of the decoder's input out. */
public interface PatchTower {

  /** Columns of the result, see {@link ImageEncoder#outputWidth}. */
  int outputWidth();

  /** Floating-point operations for one picture; multiply and add are two. */
  double operations(ImagePatches image);

  /**
   * Computes the embeddings of one picture.
   *
   * @param out {@code (tokens, outputWidth)}
   */
  void encode(Tensor out, ImagePatches image, LayerObserver observer);
}
