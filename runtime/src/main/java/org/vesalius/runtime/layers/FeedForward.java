package org.vesalius.runtime.layers;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/** The part of a block that works on each token by itself. */
public sealed interface FeedForward permits GatedMlp, PlainMlp, ExpertMlp {

  /** Computes {@code out (tokens, width)} from {@code x (tokens, width)}. */
  void forward(Kernels kernels, Tensor out, Tensor x, MlpScratch scratch);
}
