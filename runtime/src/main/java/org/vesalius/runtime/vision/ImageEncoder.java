package org.vesalius.runtime.vision;

import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.image.RasterImage;

/** Turns pictures into rows of the decoder's input. */
public interface ImageEncoder {

  /**
   * Resizes, normalises and cuts a picture. Needs no device; several threads may call it.
   *
   * @throws IllegalArgumentException if the options ask for what the model does not do
   */
  PreparedImage prepare(RasterImage image, ImageOptions options);

  /** What {@link #prepare} does with a picture, in a few words for people. */
  String preparation();

  /** How many tokens a picture of this size becomes, for estimates. */
  int tokens(int width, int height);

  /** Floating-point operations of encoding a prepared picture; multiply and add are two. */
  double operations(PreparedImage image);

  /**
   * Columns of {@link #encode}'s result: the decoder's width, times one more than the decoder
   * layers that get features of their own (DeepStack).
   */
  int outputWidth();

  /**
   * Computes the embeddings.
   *
   * @param out {@code (tokens, outputWidth)}
   */
  void encode(Tensor out, PreparedImage image, LayerObserver observer);
}
