package org.vesalius.runtime.models.qwen3;

import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.QwenDecoder;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.PositionRule;

/** Qwen3: norms on query and key heads, no biases unless the configuration asks for them. */
public final class Qwen3 implements ModelFamily {

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
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    DecoderConfig sizes = DecoderConfig.read(config);
    WeightReader root = new WeightReader(checkpoint, kernels);
    boolean bias = config.text().booleanValue("attention_bias", false);
    var variant = new QwenDecoder.Variant(bias, bias, true);
    Decoder decoder = QwenDecoder.read(root.at("model"), root, kernels, sizes, variant, new int[0]);
    root.requireAllRead(name -> QwenDecoder.isDerived(name, sizes));
    return new LoadedModel(decoder, PositionRule.SEQUENTIAL, Optional.empty());
  }
}
