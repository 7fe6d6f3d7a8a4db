package org.vesalius.runtime.models.qwen2_vl;

import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.QwenVisionModel;
import org.vesalius.runtime.vision.QwenVisionConfig;

/** The Qwen2-VL family (MedVLM-R1). */
public final class Qwen2Vl implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen2_vl";
  }

  @Override
  public String displayName() {
    return "Qwen2-VL";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.QWEN2_VL;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    QwenVisionModel model =
        new QwenVisionModel(files, config, files.reader(checkpoint, kernels), kernels);
    QwenVisionConfig vision = visionConfig(model.vision(), model.sizes().width());
    return model.load(
        vision.patches(),
        VisionTower.read(model.visualWeights(), kernels, vision),
        "Qwen2VLVideoProcessor",
        (patches, _, _) -> QwenVisionModel.together(patches, vision.mergeSize(), 1));
  }

  /** In this family {@code hidden_size} of the tower is the width of its output. */
  static QwenVisionConfig visionConfig(ConfigNode vision, int decoderWidth) {
    int width = vision.intValue("embed_dim", 1280);
    int output = vision.intValue("hidden_size", 3584);
    if (output != decoderWidth) {
      throw vision.error("hidden_size", "the decoder's width " + decoderWidth, "" + output);
    }
    double inner = width * vision.doubleValue("mlp_ratio", 4);
    return QwenVisionConfig.of(vision, width, (int) inner, 32, "quick_gelu", 14, decoderWidth);
  }
}
