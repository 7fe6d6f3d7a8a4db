package org.vesalius.runtime.models.qwen3_moe;

import java.util.Map;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.layers.ExpertConfig;
import org.vesalius.runtime.models.TextFamily;

/** Qwen3 with sparse feed-forward layers: softmax over all experts, then the largest. */
public final class Qwen3Moe implements TextFamily {

  /** Of {@code Qwen3MoeConfig}, for files that leave it out. */
  private static final Map<String, Integer> DEFAULTS = Map.of("sliding_window", 4096);

  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public String displayName() {
    return "Qwen3-MoE";
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
        .windows(DecoderStyle.WindowRule.ALL_IF_USED)
        .defaults(DEFAULTS)
        .build();
  }

  @Override
  public DecoderConfig sizes(ModelConfig config) {
    DecoderConfig dense = TextFamily.super.sizes(config);
    return dense.withExperts(
        ExpertConfig.read(
            config.text(), dense.layers(), 8, config.text().booleanValue("norm_topk_prob", false)));
  }
}
