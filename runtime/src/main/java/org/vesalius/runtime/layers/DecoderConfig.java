package org.vesalius.runtime.layers;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.RopeConfig;
import org.vesalius.runtime.UnsupportedModelException;

/**
 * The sizes of a Qwen-style decoder, read from the text part of config.json and refused where it
 * says something that this code does not compute.
 *
 * @param width size of the residual stream ({@code hidden_size})
 * @param innerWidth of the feed-forward network ({@code intermediate_size})
 * @param layers number of blocks
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headSize width of a head
 * @param vocabulary rows of the embedding
 * @param epsilon of the norms
 * @param tied whether the head is the embedding
 * @param maxPositions longest context that the model was made for
 * @param rope rotary embedding
 * @param windows for each layer how many keys a query sees, 0 for all
 */
public record DecoderConfig(
    int width,
    int innerWidth,
    int layers,
    int heads,
    int kvHeads,
    int headSize,
    int vocabulary,
    float epsilon,
    boolean tied,
    int maxPositions,
    RopeConfig rope,
    List<Integer> windows) {

  private static final Set<String> LAYER_TYPES = Set.of("full_attention", "sliding_attention");

  /** Reads the decoder's part of a configuration. */
  public static DecoderConfig read(ModelConfig config) {
    ConfigNode text = config.text();
    String activation = text.string("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw unsupported(text, "hidden_act", activation, "silu");
    }
    if (config.root().has("quantization_config")) {
      throw unsupported(
          config.root(), "quantization_config", "one", "none: F32, F16 or BF16 weights");
    }
    int width = text.intValue("hidden_size");
    int heads = text.intValue("num_attention_heads");
    int kvHeads = text.intValue("num_key_value_heads", heads);
    int headSize = text.intValue("head_dim", heads > 0 ? width / heads : 0);
    int layers = text.intValue("num_hidden_layers");
    if (width <= 0
        || heads <= 0
        || kvHeads <= 0
        || heads % kvHeads != 0
        || headSize <= 0
        || headSize % 2 != 0) {
      throw text.error(
          "num_attention_heads",
          "heads that are a multiple of key/value heads, and an even head size",
          heads + " heads, " + kvHeads + " key/value heads of size " + headSize);
    }
    return new DecoderConfig(
        width,
        positive(text, "intermediate_size"),
        positive(text, "num_hidden_layers"),
        heads,
        kvHeads,
        headSize,
        positive(text, "vocab_size"),
        (float) text.doubleValue("rms_norm_eps", 1e-6),
        config.tieWordEmbeddings(false),
        text.intValue("max_position_embeddings", 32768),
        config.rope(),
        windows(text, layers));
  }

  private static int positive(ConfigNode node, String key) {
    int value = node.intValue(key);
    if (value <= 0) {
      throw node.error(key, "a positive number", Integer.toString(value));
    }
    return value;
  }

  /**
   * {@code layer_types} decides where present; without it the two older keys do (transformers,
   * configuration_qwen2).
   */
  private static List<Integer> windows(ConfigNode text, int layers) {
    boolean sliding = text.booleanValue("use_sliding_window", false) && text.has("sliding_window");
    if (text.has("layer_types")) {
      List<String> types = text.strings("layer_types");
      if (types.size() != layers || !LAYER_TYPES.containsAll(types)) {
        throw text.error(
            "layer_types",
            layers + " entries out of " + LAYER_TYPES,
            types.size() + " entries " + types);
      }
      if (types.contains("sliding_attention") && !text.has("sliding_window")) {
        throw text.error(
            "sliding_window", "a size, since layer_types names sliding layers", "none");
      }
      return types.stream()
          .map(type -> type.equals("sliding_attention") ? text.intValue("sliding_window") : 0)
          .toList();
    }
    int firstSliding = sliding ? text.intValue("max_window_layers", layers) : layers;
    int window = sliding ? text.intValue("sliding_window") : 0;
    return IntStream.range(0, layers).mapToObj(i -> i >= firstSliding ? window : 0).toList();
  }

  private static UnsupportedModelException unsupported(
      ConfigNode node, String key, String found, String supported) {
    return new UnsupportedModelException(
        node.file() + ": " + key + ": found " + found + ", supported is " + supported);
  }
}
