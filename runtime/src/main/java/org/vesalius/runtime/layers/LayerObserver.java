package org.vesalius.runtime.layers;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Sees intermediate activations, for comparing a model with its reference implementation layer by
 * layer.
 */
@FunctionalInterface
public interface LayerObserver {
  /** Sees nothing. */
  LayerObserver NONE = (_, _, _) -> {};

  /**
   * Called after an activation has been computed.
   *
   * @param kernels what computes it, and reads it out wherever it lies
   * @param name such as {@code hidden.3}, the residual stream after the third layer
   * @param x valid during the call only
   */
  void observe(Kernels kernels, String name, Tensor x);
}
