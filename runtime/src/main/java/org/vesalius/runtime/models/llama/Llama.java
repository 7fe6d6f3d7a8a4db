package org.vesalius.runtime.models.llama;

import java.util.Map;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.models.TextFamily;

/**
 * Llama 2 and 3, Vicuna, Yi and others of the same shape; biases only where the configuration asks
 * for them.
 */
public final class Llama implements TextFamily {
  /** Of {@code LlamaConfig}; a LLaVA checkpoint states only what differs. */
  private static final Map<String, Integer> DEFAULTS =
      Map.of(
          "hidden_size", 4096,
          "intermediate_size", 11008,
          "num_hidden_layers", 32,
          "num_attention_heads", 32,
          "vocab_size", 32000,
          "max_position_embeddings", 2048);

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public String displayName() {
    return "Llama";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.LLAMA;
  }

  @Override
  public DecoderStyle style(ModelConfig config) {
    boolean attention = config.text().booleanValue("attention_bias", false);
    boolean mlp = config.text().booleanValue("mlp_bias", false);
    return DecoderStyle.llama().biases(attention, attention, mlp).defaults(DEFAULTS).build();
  }
}
