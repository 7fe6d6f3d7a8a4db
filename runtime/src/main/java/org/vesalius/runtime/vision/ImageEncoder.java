package org.vesalius.runtime.vision;

import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.image.Grid;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.RasterImage;

/** Turns pictures into rows of the decoder's input. */
public interface ImageEncoder {

  /** Resizes, normalises and cuts a picture. Needs no device; several threads may call it. */
  ImagePatches prepare(RasterImage image);

  /** The patch grid that a picture of this size gets, for estimates. */
  Grid grid(int width, int height);

  /** The grid of the decoder's tokens for a prepared picture. */
  TokenGrid tokens(ImagePatches image);

  /** Floating-point operations of encoding a prepared picture; multiply and add are two. */
  double operations(ImagePatches image);

  /**
   * Computes the embeddings.
   *
   * @param out {@code (tokens, decoder width)}
   */
  void encode(Tensor out, ImagePatches image, LayerObserver observer);

  /**
   * How an image's tokens lie.
   *
   * @param rows of tokens
   * @param columns of tokens
   */
  record TokenGrid(int rows, int columns) {
    /** Number of tokens. */
    public int count() {
      return rows * columns;
    }
  }
}
