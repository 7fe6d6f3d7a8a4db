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
 * @param activation name of the activation where the file has none
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
    String activation,
    Map<String, Integer> defaults) {

  /** Which layers see a sliding window when {@code layer_types} does not say. */
  public enum WindowRule {
    /** None. */
    NONE,
    /** All, if {@code sliding_window} is a number (Mistral). */
    ALL,
    /** All, if {@code use_sliding_window} (Qwen3-MoE). */
    ALL_IF_USED,
    /** Those from {@code max_window_layers} on, if {@code use_sliding_window} (Qwen). */
    FROM_LAYER,
    /** All but every {@code sliding_window_pattern}-th (Gemma 3). */
    PATTERN
  }

  /** Llama: nothing differs. */
  public static final DecoderStyle LLAMA =
      new DecoderStyle(
          false, false, false, false, false, 0, false, WindowRule.NONE, "silu", Map.of());

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
        activation,
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
        activation,
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
        activation,
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
        activation,
        numbers);
  }
}
