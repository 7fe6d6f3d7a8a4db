package org.vesalius.runtime.models.mistral;

import java.util.Map;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.models.TextFamily;

/** Mistral 7B and its kin: no biases; a sliding window in every layer if there is one. */
public final class Mistral implements TextFamily {
  /** Of {@code MistralConfig}; a LLaVA checkpoint states only what differs. */
  private static final Map<String, Integer> DEFAULTS =
      Map.of(
          "hidden_size", 4096,
          "intermediate_size", 14336,
          "num_hidden_layers", 32,
          "num_attention_heads", 32,
          "num_key_value_heads", 8,
          "vocab_size", 32000,
          "max_position_embeddings", 131072,
          "sliding_window", 4096);

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public String displayName() {
    return "Mistral";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.MISTRAL;
  }

  @Override
  public DecoderStyle style(ModelConfig config) {
    return DecoderStyle.llama().windows(DecoderStyle.WindowRule.ALL).defaults(DEFAULTS).build();
  }
}
