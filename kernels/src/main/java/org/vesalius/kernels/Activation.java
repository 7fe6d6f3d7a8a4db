package org.vesalius.kernels;

/** An elementwise non-linearity. */
public enum Activation {
  /** {@code x * sigmoid(x)}, also called swish (Ramachandran et al. 2017). */
  SILU,
  /** {@code x * Phi(x)} with the exact normal distribution function (Hendrycks and Gimpel 2016). */
  GELU,
  /** The tanh approximation of {@link #GELU}. */
  GELU_TANH,
  /** {@code x * sigmoid(1.702 x)}, the form that OpenAI's CLIP uses. */
  QUICK_GELU
}
