package org.vesalius.runtime.layers;

import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.UnsupportedModelException;

/** Names of activation functions in configurations ({@code ACT2FN} of transformers). */
public final class Activations {
  private Activations() {}

  /**
   * The activation that {@code key} names.
   *
   * @param defaultName what the family uses where the file does not say
   * @throws UnsupportedModelException if it is another one than those that are known
   */
  public static Activation read(ConfigNode node, String key, String defaultName) {
    String name = node.string(key, defaultName);
    return switch (name) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
      case "quick_gelu" -> Activation.QUICK_GELU;
      default ->
          throw new UnsupportedModelException(
              node.file()
                  + ": "
                  + node.path(key)
                  + ": found \""
                  + name
                  + "\", supported are silu, gelu, gelu_pytorch_tanh and quick_gelu");
    };
  }
}
