package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.RopeConfig;
import org.vesalius.runtime.UnsupportedModelException;

/**
 * The sizes of a decoder, read from the text part of config.json and refused where it says
 * something that this code does not compute.
 *
 * @param width size of the residual stream ({@code hidden_size})
 * @param innerWidth of a dense feed-forward network ({@code intermediate_size})
 * @param layers number of blocks
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headSize width of a head
 * @param vocabulary rows of the embedding
 * @param epsilon of the norms
 * @param activation of the feed-forward networks
 * @param attentionScale factor on the dot product of query and key
 * @param tied whether the head is the embedding
 * @param trainedPositions longest context before any scaling of the rotary embedding
 * @param maxPositions longest context
 * @param ropes rotary embeddings
 * @param layerRopes which of them each layer uses
 * @param windows for each layer how many keys a query sees, 0 for all
 * @param experts of sparse layers, if there are any
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
    Activation activation,
    float attentionScale,
    boolean tied,
    int trainedPositions,
    int maxPositions,
    List<RopeConfig> ropes,
    List<Integer> layerRopes,
    List<Integer> windows,
    Optional<ExpertConfig> experts) {

  private static final int DEFAULT_POSITIONS = 32768;

  /**
   * Reads the decoder's part of a configuration.
   *
   * @param tiedByDefault what {@code tie_word_embeddings} is where the file does not say
   */
  public static DecoderConfig read(ModelConfig config, DecoderStyle style, boolean tiedByDefault) {
    ConfigNode text = withDefaults(config.text(), style.defaults());
    refuseUnknown(config.root(), text);
    int width = positive(text, "hidden_size");
    int heads = positive(text, "num_attention_heads");
    int kvHeads = text.intValue("num_key_value_heads", heads);
    int headSize = text.intValue("head_dim", width / heads);
    int layers = positive(text, "num_hidden_layers");
    if (kvHeads <= 0 || heads % kvHeads != 0 || headSize <= 0 || headSize % 2 != 0) {
      throw text.error(
          "num_attention_heads",
          "heads that are a multiple of key/value heads, and an even head size",
          heads + " heads, " + kvHeads + " key/value heads of size " + headSize);
    }
    double scaled = style.scaledByScalar() ? text.doubleValue("query_pre_attn_scalar") : headSize;
    if (!(scaled > 0)) {
      throw text.error("query_pre_attn_scalar", "a positive number", Double.toString(scaled));
    }
    List<Integer> windows = LayerWindows.read(text, layers, style.windows());
    boolean uniform = config.ropeByLayerType().isEmpty();
    List<RopeConfig> ropes =
        uniform
            ? List.of(config.rope())
            : List.of(config.rope("full_attention"), config.rope("sliding_attention"));
    int positions = text.intValue("max_position_embeddings", DEFAULT_POSITIONS);
    return new DecoderConfig(
        width,
        positive(text, "intermediate_size"),
        layers,
        heads,
        kvHeads,
        headSize,
        positive(text, "vocab_size"),
        (float) text.doubleValue("rms_norm_eps", style.epsilon()),
        Activations.read(text, style.activationKey(), style.activation()),
        (float) (1 / Math.sqrt(scaled)),
        config.tieWordEmbeddings(tiedByDefault),
        positions,
        uniform ? RotaryFrequencies.reach(config.rope(), positions) : positions,
        ropes,
        windows.stream().map(window -> !uniform && window > 0 ? 1 : 0).toList(),
        windows,
        Optional.empty());
  }

  private static ConfigNode withDefaults(ConfigNode text, Map<String, Integer> defaults) {
    ConfigNode completed = text;
    for (Map.Entry<String, Integer> entry : defaults.entrySet()) {
      completed = completed.withDefault(entry.getKey(), entry.getValue());
    }
    return completed;
  }

  /** With sparse layers. */
  public DecoderConfig withExperts(ExpertConfig sparse) {
    return new DecoderConfig(
        width,
        innerWidth,
        layers,
        heads,
        kvHeads,
        headSize,
        vocabulary,
        epsilon,
        activation,
        attentionScale,
        tied,
        trainedPositions,
        maxPositions,
        ropes,
        layerRopes,
        windows,
        Optional.of(sparse));
  }

  private static void refuseUnknown(ConfigNode root, ConfigNode text) {
    List<String> problems = new ArrayList<>();
    for (String key : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      if (text.has(key)) {
        problems.add(text.path(key) + ": supported is null");
      }
    }
    if (text.booleanValue("use_bidirectional_attention", false)) {
      problems.add(text.path("use_bidirectional_attention") + ": supported is false");
    }
    if (!problems.isEmpty()) {
      throw new UnsupportedModelException(root.file() + ": " + String.join("; ", problems));
    }
  }

  private static int positive(ConfigNode node, String key) {
    int value = node.intValue(key);
    if (value <= 0) {
      throw node.error(key, "a positive number", Integer.toString(value));
    }
    return value;
  }
}
