package org.vesalius.runtime.models.qwen2;

import java.util.Map;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.models.TextFamily;

/** Qwen2 and Qwen2.5: biases on queries, keys and values. */
public final class Qwen2 implements TextFamily {

  /** Of {@code Qwen2Config}, for files that leave them out. */
  private static final Map<String, Integer> DEFAULTS =
      Map.of("sliding_window", 4096, "max_window_layers", 28);

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public String displayName() {
    return "Qwen2";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.QWEN2;
  }

  @Override
  public DecoderStyle style(ModelConfig config) {
    return DecoderStyle.llama()
        .biases(true, false, false)
        .windows(DecoderStyle.WindowRule.FROM_LAYER)
        .defaults(DEFAULTS)
        .build();
  }
}
