package org.vesalius.runtime.models.qwen2_5_vl;

import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.QwenVisionModel;

/** The Qwen2.5-VL family (Lingshu, QoQ-Med). */
public final class Qwen25Vl implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen2_5_vl";
  }

  @Override
  public String displayName() {
    return "Qwen2.5-VL";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.QWEN2_5_VL;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    QwenVisionModel model =
        new QwenVisionModel(files, config, files.reader(checkpoint, kernels), kernels);
    VisionConfig vision = VisionConfig.read(model.vision(), model.sizes().width());
    return model.load(
        vision.common().patches(),
        VisionTower.read(model.visualWeights(), kernels, vision),
        "Qwen2VLVideoProcessor",
        (patches, _, rate) ->
            QwenVisionModel.together(patches, vision.common().mergeSize(), vision.frameStep(rate)));
  }
}
