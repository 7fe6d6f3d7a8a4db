package org.vesalius.runtime.models;

import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderReader;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.NativeResolutionEncoder;
import org.vesalius.runtime.vision.PatchTower;
import org.vesalius.runtime.vision.QwenImages;

/**
 * What the Qwen vision models have in common: where their tensors are, the image token, and
 * three-dimensional positions. The towers differ.
 */
public final class QwenVisionModel {
  private static final String IMAGE_TOKEN = "<|image_pad|>";

  private final ModelFiles files;
  private final ModelConfig config;
  private final WeightReader root;
  private final Kernels kernels;
  private final DecoderStyle style;
  private final DecoderConfig sizes;

  /** A model with a dense decoder. */
  public QwenVisionModel(
      ModelFiles files,
      ModelConfig config,
      WeightReader root,
      Kernels kernels,
      DecoderStyle style) {
    this(files, config, root, kernels, style, DecoderConfig.read(config, style, false));
  }

  /** A model with a decoder of these sizes. */
  public QwenVisionModel(
      ModelFiles files,
      ModelConfig config,
      WeightReader root,
      Kernels kernels,
      DecoderStyle style,
      DecoderConfig sizes) {
    this.files = files;
    this.config = config;
    this.root = root;
    this.kernels = kernels;
    this.style = style;
    this.sizes = sizes;
    if (config.rope().mropeSection().length != 3) {
      throw config
          .rope()
          .parameters()
          .error(
              "mrope_section", "three numbers", config.rope().mropeSection().length + " numbers");
    }
  }

  /** The sizes of the decoder. */
  public DecoderConfig sizes() {
    return sizes;
  }

  /** The tower's part of the configuration. */
  public ConfigNode vision() {
    return config
        .vision()
        .orElseThrow(
            () -> config.root().error("vision_config", "the vision tower's sizes", "none"));
  }

  /** Where the tower's tensors are, in checkpoints of transformers 4 and 5. */
  public WeightReader visualWeights() {
    return root.atFirstWith("patch_embed.proj.weight", List.of("model.visual", "visual"));
  }

  /** Reads the decoder and puts the model together. */
  public LoadedModel load(int cellSide, PatchTower tower) {
    WeightReader text =
        root.atFirstWith(
            "embed_tokens.weight",
            List.of("model.language_model", "model", "language_model.model"));
    WeightReader headAt =
        root.has("language_model.lm_head.weight") ? root.at("language_model") : root;
    Decoder decoder = new DecoderReader(kernels, sizes, style).read(text, headAt);
    root.requireAllRead(name -> DecoderReader.isDerived(name, sizes));
    NativeResolutionEncoder encoder =
        new NativeResolutionEncoder(
            QwenImages.processor(PreprocessorConfig.read(files.directory())),
            cellSide,
            IMAGE_TOKEN,
            tower);
    return new LoadedModel(
        decoder,
        new MultimodalPositions(),
        Optional.of(LoadedModel.ImageInput.causal(IMAGE_TOKEN, config.imageTokenId(), encoder)));
  }
}
