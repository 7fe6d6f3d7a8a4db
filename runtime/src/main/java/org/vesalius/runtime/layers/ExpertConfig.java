package org.vesalius.runtime.layers;

import java.util.Set;
import java.util.TreeSet;
import org.vesalius.loader.ConfigNode;

/**
 * The sizes of sparse feed-forward layers.
 *
 * @param count experts of a layer ({@code num_experts})
 * @param perToken experts that each token has ({@code num_experts_per_tok})
 * @param innerWidth of an expert ({@code moe_intermediate_size})
 * @param renormalise whether the shares of a token's experts are divided by their sum
 * @param layers the layers that are sparse; the others have one dense network
 */
public record ExpertConfig(
    int count, int perToken, int innerWidth, boolean renormalise, Set<Integer> layers) {

  /**
   * Reads the keys of the Qwen3 mixtures, which name the dense layers in {@code mlp_only_layers}.
   *
   * @param perTokenDefault what {@code num_experts_per_tok} is where the file does not say
   * @param renormalise whether the shares add up to one, as the family's code does it or the file
   *     asks for
   */
  public static ExpertConfig read(
      ConfigNode text, int layers, int perTokenDefault, boolean renormalise) {
    int count = count(text);
    int perToken = text.intValue("num_experts_per_tok", perTokenDefault);
    if (count <= 0 || perToken <= 0 || perToken > count) {
      throw text.error(
          "num_experts_per_tok",
          "1 to the number of experts, " + count,
          Integer.toString(perToken));
    }
    int innerWidth = text.intValue("moe_intermediate_size");
    if (innerWidth <= 0) {
      throw text.error("moe_intermediate_size", "a positive number", "" + innerWidth);
    }
    int step = text.intValue("decoder_sparse_step", 1);
    Set<Integer> sparse = new TreeSet<>();
    for (int i = 0; i < layers; i++) {
      if (step > 0 && (i + 1) % step == 0) {
        sparse.add(i);
      }
    }
    if (text.has("mlp_only_layers")) {
      for (int dense : text.ints("mlp_only_layers")) {
        sparse.remove(dense);
      }
    }
    return new ExpertConfig(count, perToken, innerWidth, renormalise, Set.copyOf(sparse));
  }

  private static int count(ConfigNode text) {
    boolean both = text.has("num_experts") && text.has("num_local_experts");
    int count = text.intValue(text.has("num_experts") ? "num_experts" : "num_local_experts");
    if (both && text.intValue("num_local_experts") != count) {
      throw text.error(
          "num_local_experts", "num_experts, " + count, "" + text.intValue("num_local_experts"));
    }
    return count;
  }
}
