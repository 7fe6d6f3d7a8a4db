package org.vesalius.runtime.models.qwen2;

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

/** Qwen2 and Qwen2.5: biases on queries, keys and values. */
public final class Qwen2 implements ModelFamily {

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
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    DecoderConfig sizes = DecoderConfig.read(config);
    WeightReader root = new WeightReader(checkpoint, kernels);
    var variant = new QwenDecoder.Variant(true, false, false);
    Decoder decoder = QwenDecoder.read(root.at("model"), root, kernels, sizes, variant, new int[0]);
    root.requireAllRead(name -> QwenDecoder.isDerived(name, sizes));
    return new LoadedModel(decoder, PositionRule.SEQUENTIAL, Optional.empty());
  }
}
