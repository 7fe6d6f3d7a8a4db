package org.vesalius.runtime.layers;

import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Feed-forward network of two matrices: {@code down(activation(up(x)))}.
 *
 * @param up {@code (inner, width)}
 * @param down {@code (outputs, inner)}
 * @param activation between them
 */
public record PlainMlp(Linear up, Linear down, Activation activation) implements FeedForward {

  @Override
  public void forward(Kernels kernels, Tensor out, Tensor x, MlpScratch scratch) {
    Tensor raised = scratch.raised().firstRows(x.rows()).columns(0, up.weight().rows());
    up.forward(kernels, raised, x);
    kernels.activate(raised, activation);
    down.forward(kernels, out, raised);
  }
}
