package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.QwenDecoder;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.vision.QwenImages;
import org.vesalius.runtime.vision.TensorPool;

/** The Qwen2.5-VL family. */
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
    DecoderConfig sizes = DecoderConfig.read(config);
    ConfigNode vision =
        config
            .vision()
            .orElseThrow(
                () -> config.root().error("vision_config", "the vision tower's sizes", "none"));
    VisionConfig tower = VisionConfig.read(vision, sizes.width());
    WeightReader root = new WeightReader(checkpoint, kernels);
    WeightReader text =
        root.atFirstWith(
            "embed_tokens.weight",
            List.of("model.language_model", "model", "language_model.model"));
    WeightReader headAt =
        root.has("language_model.lm_head.weight") ? root.at("language_model") : root;
    var variant = new QwenDecoder.Variant(true, false, false);
    Decoder decoder =
        QwenDecoder.read(text, headAt, kernels, sizes, variant, config.rope().mropeSection());
    WeightReader visual =
        root.atFirstWith("patch_embed.proj.weight", List.of("model.visual", "visual"));
    VisionTower encoder =
        VisionTower.read(
            visual,
            kernels,
            tower,
            QwenImages.processor(PreprocessorConfig.read(files.directory())),
            new TensorPool(kernels));
    root.requireAllRead(name -> QwenDecoder.isDerived(name, sizes));
    int placeholder = config.root().intValue("image_token_id");
    return new LoadedModel(
        decoder,
        new MultimodalPositions(),
        Optional.of(new LoadedModel.ImageInput(placeholder, encoder)));
  }
}
