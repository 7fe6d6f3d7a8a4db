package org.vesalius.runtime.layers;

import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/** Brings every token's vector to a common scale. */
public sealed interface Norm permits RmsNorm, LayerNorm {

  /** {@code out = norm(x)}; {@code out} may be {@code x}. */
  void forward(Kernels kernels, Tensor out, Tensor x);

  /** {@code residual += delta; out = norm(residual)}. */
  void addThenForward(Kernels kernels, Tensor out, Tensor residual, Tensor delta);
}
