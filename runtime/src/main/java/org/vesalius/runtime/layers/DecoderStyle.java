package org.vesalius.runtime.layers;

import java.util.Map;

/**
 * What a family of decoders is, beyond what its config.json says: the Llama shape (pre-norm, gated
 * feed-forward network, grouped queries, rotary positions) and what differs from it.
 *
 * @param inputBias whether queries, keys and values have a bias
 * @param outputBias whether attention's output projection has one
 * @param mlpBias whether the feed-forward network has biases
 * @param queryKeyNorm whether query and key heads are normalised
 * @param sandwich whether each part has a norm behind it too (Gemma 3)
 * @param gainOffset what is added to stored gains of norms; 1 in Gemma
 * @param scaledEmbedding whether token embeddings are multiplied with the root of the width
 * @param windows which layers see a sliding window
 * @param activationKey the key that names the activation
 * @param activation name of the activation where the file has none
 * @param scaledByScalar whether {@code query_pre_attn_scalar} takes the place of the head size in
 *     attention's scale (Gemma)
 * @param epsilon of the norms where the file has none
 * @param defaults numbers that the family's configuration class has where the file has none
 */
public record DecoderStyle(
    boolean inputBias,
    boolean outputBias,
    boolean mlpBias,
    boolean queryKeyNorm,
    boolean sandwich,
    float gainOffset,
    boolean scaledEmbedding,
    WindowRule windows,
    String activationKey,
    String activation,
    boolean scaledByScalar,
    double epsilon,
    Map<String, Integer> defaults) {

  /** Which layers see a sliding window. */
  public enum WindowRule {
    /** None. */
    NONE,
    /** All, if {@code sliding_window} is a number (Mistral). */
    ALL,
    /** All, if {@code use_sliding_window} (Qwen3-MoE). */
    ALL_IF_USED,
    /**
     * Those that {@code layer_types} names, else those from {@code max_window_layers} on, if {@code
     * use_sliding_window} (Qwen).
     */
    FROM_LAYER,
    /**
     * Those that {@code layer_types} names, else all but every {@code sliding_window_pattern}-th
     * (Gemma 3).
     */
    PATTERN;

    /** Whether {@code layer_types} decides; the other families' code does not look at it. */
    boolean readsLayerTypes() {
      return this == FROM_LAYER || this == PATTERN;
    }
  }

  /** A style in which nothing differs from Llama, to be changed. */
  public static Builder llama() {
    return new Builder();
  }

  /** Collects what differs from Llama. */
  public static final class Builder {
    private boolean inputBias;
    private boolean outputBias;
    private boolean mlpBias;
    private boolean queryKeyNorm;
    private boolean sandwich;
    private float gainOffset;
    private boolean scaledEmbedding;
    private WindowRule windows = WindowRule.NONE;
    private String activationKey = "hidden_act";
    private String activation = "silu";
    private boolean scaledByScalar;
    private double epsilon = 1e-6;
    private Map<String, Integer> defaults = Map.of();

    private Builder() {}

    /** Biases of queries, keys and values, of attention's output, of the feed-forward network. */
    public Builder biases(boolean input, boolean output, boolean mlp) {
      inputBias = input;
      outputBias = output;
      mlpBias = mlp;
      return this;
    }

    /** Norms on query and key heads. */
    public Builder queryKeyNorm() {
      queryKeyNorm = true;
      return this;
    }

    /** What Gemma 3 does to norms, embeddings and attention's scale. */
    public Builder gemma() {
      sandwich = true;
      gainOffset = 1;
      scaledEmbedding = true;
      scaledByScalar = true;
      return this;
    }

    /** Sliding windows. */
    public Builder windows(WindowRule rule) {
      windows = rule;
      return this;
    }

    /** The key of the activation, and its name where the file has none. */
    public Builder activation(String key, String name) {
      activationKey = key;
      activation = name;
      return this;
    }

    /** The epsilon of the norms where the file has none. */
    public Builder epsilon(double value) {
      epsilon = value;
      return this;
    }

    /** Numbers where the file has none. */
    public Builder defaults(Map<String, Integer> numbers) {
      defaults = numbers;
      return this;
    }

    /** The style. */
    public DecoderStyle build() {
      return new DecoderStyle(
          inputBias,
          outputBias,
          mlpBias,
          queryKeyNorm,
          sandwich,
          gainOffset,
          scaledEmbedding,
          windows,
          activationKey,
          activation,
          scaledByScalar,
          epsilon,
          defaults);
    }
  }
}
