package org.vesalius.runtime.models.gemma3;

import java.util.Map;
import java.util.Set;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.models.TextFamily;

/**
 * Gemma 3 decoders: four norms a block, gains stored less one, scaled embeddings, norms on query
 * and key heads, and local layers between global ones, each kind with its own rotary base.
 */
public final class Gemma3Text implements TextFamily {
  /** Of {@code Gemma3TextConfig}; the published files state only what differs. */
  private static final Map<String, Integer> DEFAULTS =
      Map.of(
          "hidden_size", 2304,
          "intermediate_size", 9216,
          "num_hidden_layers", 26,
          "num_attention_heads", 8,
          "num_key_value_heads", 4,
          "head_dim", 256,
          "vocab_size", 262208,
          "max_position_embeddings", 131072,
          "sliding_window", 4096,
          "query_pre_attn_scalar", 256);

  @Override
  public String modelType() {
    return "gemma3_text";
  }

  @Override
  public String displayName() {
    return "Gemma 3 (text)";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.GEMMA3;
  }

  @Override
  public Set<String> foreignTokens() {
    return Set.of(Gemma3Encoder.TOKEN);
  }

  @Override
  public DecoderStyle style(ModelConfig config) {
    boolean bias = config.text().booleanValue("attention_bias", false);
    return DecoderStyle.llama()
        .biases(bias, bias, false)
        .queryKeyNorm()
        .gemma()
        .windows(DecoderStyle.WindowRule.PATTERN)
        .activation("hidden_activation", "gelu_pytorch_tanh")
        .defaults(DEFAULTS)
        .build();
  }

  @Override
  public boolean tiedByDefault() {
    return true;
  }
}
