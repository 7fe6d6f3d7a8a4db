package org.vesalius.runtime.models.llava;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.TextFamily;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.FixedSizeImages;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.LlavaNextImages;
import org.vesalius.runtime.vision.image.TiledImageProcessor;

/**
 * A CLIP or SigLIP tower, two matrices, and any text decoder: LLaVA-1.5 and LLaVA-Next as
 * transformers stores them.
 */
public final class Llava implements ModelFamily {
  static final String TOKEN = "<image>";

  private final String modelType;
  private final String displayName;
  private final boolean tiled;
  private final Map<String, TextFamily> decoders;

  private Llava(String modelType, String displayName, boolean tiled, List<TextFamily> decoders) {
    this.modelType = modelType;
    this.displayName = displayName;
    this.tiled = tiled;
    this.decoders =
        decoders.stream().collect(Collectors.toMap(ModelFamily::modelType, Function.identity()));
  }

  /** LLaVA-1.5, with any of these decoders. */
  public static Llava plain(List<TextFamily> decoders) {
    return new Llava("llava", "LLaVA", false, decoders);
  }

  /** LLaVA-Next, with any of these decoders. */
  public static Llava next(List<TextFamily> decoders) {
    return new Llava("llava_next", "LLaVA-Next", true, decoders);
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
    return AnswerFormat.LLAVA;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    ConfigNode vision =
        config
            .vision()
            .orElseThrow(
                () -> config.root().error("vision_config", "the vision tower's sizes", "none"));
    LlavaParts parts = new LlavaParts(new WeightReader(checkpoint, kernels), kernels);
    Decoder decoder = textFamily(config).decoder(parts.text(), parts.head(), config, kernels);
    FixedResolutionTower.Config sizes =
        FixedResolutionTower.Config.read(vision, FixedResolutionTower.CLIP);
    LlavaProjector projector =
        parts.projector(
            sizes,
            LlavaParts.depths(config.root(), "vision_feature_layer", sizes.depth()),
            dropsClassToken(config.root(), sizes),
            decoder.config().width(),
            config.root());
    ImageEncoder encoder = encoder(files, config, kernels, parts, projector);
    parts.requireAllRead(decoder, projector);
    return LoadedModel.withImages(
        decoder, LoadedModel.ImageInput.causal(TOKEN, config.imageTokenId(), encoder));
  }

  private TextFamily textFamily(ModelConfig config) {
    TextFamily family = decoders.get(config.textModelType());
    if (family == null) {
      throw new UnsupportedModelException(
          config.text().file()
              + ": "
              + config.text().path("model_type")
              + ": found \""
              + config.textModelType()
              + "\", supported are "
              + decoders.keySet().stream().sorted().toList());
    }
    return family;
  }

  private ImageEncoder encoder(
      ModelFiles files,
      ModelConfig config,
      Kernels kernels,
      LlavaParts parts,
      LlavaProjector projector) {
    PreprocessorConfig preprocessor = PreprocessorConfig.read(files.directory());
    int patch = projector.tower().config().patchSize();
    if (!tiled) {
      var processor = FixedSizeImages.processor(preprocessor, patch);
      projector.requireGrid(preprocessor.raw(), processor.grid());
      return new LlavaEncoder(processor, projector);
    }
    TiledImageProcessor processor = LlavaNextImages.processor(preprocessor, patch);
    projector.requireGrid(preprocessor.raw(), processor.grid());
    if (!LlavaNextImages.pinpoints(config.root()).equals(processor.resolutions())) {
      throw preprocessor.raw().error("image_grid_pinpoints", "those of config.json", "others");
    }
    return new LlavaNextEncoder(
        kernels, processor, projector, parts.newline(projector.outputWidth()));
  }

  /** A tower without class token has none to drop, but the strategy would drop a patch. */
  private boolean dropsClassToken(ConfigNode root, FixedResolutionTower.Config tower) {
    String key = "vision_feature_select_strategy";
    String strategy = root.string(key, "default");
    return switch (strategy) {
      case "full" -> {
        if (tiled && tower.classToken()) {
          throw root.error(
              key, "default, since tiles are put together without class tokens", strategy);
        }
        yield false;
      }
      case "default" -> {
        if (!tower.classToken()) {
          throw root.error(key, "full, since the tower has no class token", strategy);
        }
        yield true;
      }
      default -> throw root.error(key, "default or full", strategy);
    };
  }
}
