package org.vesalius.runtime.layers;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Layer norm with a gain and a bias per channel (Ba et al. 2016).
 *
 * @param gain {@code (1, width)}
 * @param bias {@code (1, width)}
 * @param epsilon added to the variance
 */
public record LayerNorm(Tensor gain, Tensor bias, float epsilon) implements Norm {

  @Override
  public void forward(Kernels kernels, Tensor out, Tensor x) {
    kernels.layerNorm(out, x, gain, bias, epsilon);
  }

  @Override
  public void addThenForward(Kernels kernels, Tensor out, Tensor residual, Tensor delta) {
    kernels.add(residual, delta);
    kernels.layerNorm(out, residual, gain, bias, epsilon);
  }
}
