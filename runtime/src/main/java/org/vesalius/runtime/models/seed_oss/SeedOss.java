package org.vesalius.runtime.models.seed_oss;

import java.util.Map;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.models.TextFamily;

/**
 * Seed-OSS: biases on queries, keys and values; rotary base 1e7; a thinking budget in the template.
 */
public final class SeedOss implements TextFamily {

  @Override
  public String modelType() {
    return "seed_oss";
  }

  @Override
  public String displayName() {
    return "Seed-OSS";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.SEED_OSS;
  }

  @Override
  public DecoderStyle style(ModelConfig config) {
    return DecoderStyle.llama()
        .biases(
            config.text().booleanValue("attention_bias", true),
            config.text().booleanValue("attention_out_bias", false),
            config.text().booleanValue("mlp_bias", false))
        .defaults(Map.of("head_dim", 128))
        .build();
  }
}
