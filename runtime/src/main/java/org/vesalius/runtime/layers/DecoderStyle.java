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

  /** Llama: nothing differs. */
  public static final DecoderStyle LLAMA =
      new DecoderStyle(
          false,
          false,
          false,
          false,
          false,
          0,
          false,
          WindowRule.NONE,
          "hidden_act",
          "silu",
          false,
          1e-6,
          Map.of());

  /** With these biases. */
  public DecoderStyle withBiases(boolean input, boolean output, boolean mlp) {
    return new DecoderStyle(
        input,
        output,
        mlp,
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

  /** With norms on query and key heads. */
  public DecoderStyle withQueryKeyNorm() {
    return new DecoderStyle(
        inputBias,
        outputBias,
        mlpBias,
        true,
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

  /** With sliding windows. */
  public DecoderStyle withWindows(WindowRule rule) {
    return new DecoderStyle(
        inputBias,
        outputBias,
        mlpBias,
        queryKeyNorm,
        sandwich,
        gainOffset,
        scaledEmbedding,
        rule,
        activationKey,
        activation,
        scaledByScalar,
        epsilon,
        defaults);
  }

  /** With numbers where the file has none. */
  public DecoderStyle withDefaults(Map<String, Integer> numbers) {
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
        numbers);
  }

  /** With an epsilon of the norms where the file has none. */
  public DecoderStyle withEpsilon(double value) {
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
        value,
        defaults);
  }
}
