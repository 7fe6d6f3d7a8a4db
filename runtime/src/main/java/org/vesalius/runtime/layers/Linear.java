package org.vesalius.runtime.layers;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * An affine map of every token.
 *
 * @param weight {@code (outputs, inputs)}
 * @param bias {@code (1, outputs)} or null
 */
public record Linear(Weight weight, @Nullable Tensor bias) {

  /**
   * {@code out = x * weightᵀ + bias}; {@code x (tokens, inputs)}, {@code out (tokens, outputs)}.
   */
  public void forward(Kernels kernels, Tensor out, Tensor x) {
    kernels.linear(out, x, weight, bias);
  }
}
