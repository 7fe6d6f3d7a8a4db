package org.vesalius.runtime.models.qwen3;

import java.util.Map;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.models.TextFamily;

/** Qwen3: norms on query and key heads, no biases unless the configuration asks for them. */
public final class Qwen3 implements TextFamily {

  /** Of {@code Qwen3Config}, for files that leave them out. */
  private static final Map<String, Integer> DEFAULTS =
      Map.of("sliding_window", 4096, "max_window_layers", 28, "head_dim", 128);

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public String displayName() {
    return "Qwen3";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.QWEN3;
  }

  @Override
  public DecoderStyle style(ModelConfig config) {
    boolean bias = config.text().booleanValue("attention_bias", false);
    return DecoderStyle.llama()
        .biases(bias, bias, false)
        .queryKeyNorm()
        .windows(DecoderStyle.WindowRule.FROM_LAYER)
        .defaults(DEFAULTS)
        .build();
  }
}
