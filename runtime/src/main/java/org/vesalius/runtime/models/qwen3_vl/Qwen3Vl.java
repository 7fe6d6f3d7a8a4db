package org.vesalius.runtime.models.qwen3_vl;

import java.util.Map;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.layers.ExpertConfig;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.QwenVisionModel;

/** The Qwen3-VL family (MedMO): one dense, one with experts. */
public final class Qwen3Vl implements ModelFamily {
  private final String modelType;
  private final String displayName;
  private final boolean sparse;

  private Qwen3Vl(String modelType, String displayName, boolean sparse) {
    this.modelType = modelType;
    this.displayName = displayName;
    this.sparse = sparse;
  }

  /** With a dense decoder. */
  public static Qwen3Vl dense() {
    return new Qwen3Vl("qwen3_vl", "Qwen3-VL", false);
  }

  /** With experts; the shares of a token's experts always add up to one. */
  public static Qwen3Vl mixture() {
    return new Qwen3Vl("qwen3_vl_moe", "Qwen3-VL-MoE", true);
  }

  @Override
  public String modelType() {
    return modelType;
  }

  @Override
  public String displayName() {
    return displayName;
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.QWEN3_VL;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    DecoderConfig sizes = sizes(config);
    QwenVisionModel model =
        new QwenVisionModel(
            files, config, files.reader(checkpoint, kernels), kernels, style(config), sizes);
    Qwen3VisionConfig vision =
        Qwen3VisionConfig.read(model.vision(), sizes.width(), sizes.layers());
    int cellSide = vision.common().mergeSize();
    return model.load(
        vision.common().patches(),
        VisionTower.read(model.visualWeights(), kernels, vision),
        "Qwen3VLVideoProcessor",
        (patches, frames, rate) ->
            QwenVisionModel.timestamped(
                patches, frames, rate, cellSide, vision.common().temporalPatchSize()));
  }

  private DecoderStyle style(ModelConfig config) {
    boolean bias = config.text().booleanValue("attention_bias", false);
    return DecoderStyle.llama()
        .biases(bias, bias, false)
        .queryKeyNorm()
        .defaults(sparse ? Map.of() : Map.of("head_dim", 128))
        .build();
  }

  /** The sizes of the decoder. */
  public DecoderConfig sizes(ModelConfig config) {
    if (!config.rope().mropeInterleaved()) {
      throw config
          .rope()
          .parameters()
          .error("mrope_interleaved", "true, as in every model of this family", "false or none");
    }
    DecoderConfig dense = DecoderConfig.read(config, style(config), false);
    return sparse
        ? dense.withExperts(ExpertConfig.read(config.text(), dense.layers(), 4, true))
        : dense;
  }
}
