package org.vesalius.runtime.layers;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Root mean square norm with a gain per channel (Zhang and Sennrich 2019).
 *
 * @param gain {@code (1, width)}
 * @param epsilon added to the mean square
 */
public record RmsNorm(Tensor gain, float epsilon) implements Norm {

  @Override
  public void forward(Kernels kernels, Tensor out, Tensor x) {
    kernels.rmsNorm(out, x, gain, epsilon);
  }

  @Override
  public void addThenForward(Kernels kernels, Tensor out, Tensor residual, Tensor delta) {
    kernels.addRmsNorm(out, residual, delta, gain, epsilon);
  }
}
