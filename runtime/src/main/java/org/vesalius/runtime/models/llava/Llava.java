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
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.TextFamily;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.FixedSizeImages;
import org.vesalius.runtime.vision.ImageEncoder;

/** A CLIP or SigLIP tower, two matrices, and any text decoder, as transformers stores them. */
public final class Llava implements ModelFamily {
  /** What stands for an image in prompts. */
  public static final String TOKEN = "<image>";

  /** Makes what prepares and encodes pictures, which is where the members of the kin differ. */
  @FunctionalInterface
  public interface EncoderReader {
    /** Reads an encoder around the tower and its projector. */
    ImageEncoder read(
        PreprocessorConfig preprocessor,
        ConfigNode root,
        LlavaParts parts,
        LlavaProjector projector);
  }

  private final String modelType;
  private final String displayName;
  private final EncoderReader encoder;
  private final Map<String, TextFamily> decoders;

  /**
   * A family.
   *
   * @param decoders any of which a model may have
   */
  public Llava(
      String modelType, String displayName, EncoderReader encoder, List<TextFamily> decoders) {
    this.modelType = modelType;
    this.displayName = displayName;
    this.encoder = encoder;
    this.decoders =
        decoders.stream().collect(Collectors.toMap(ModelFamily::modelType, Function.identity()));
  }

  /** LLaVA-1.5: one tile a picture. */
  public static Llava plain(List<TextFamily> decoders) {
    return new Llava(
        "llava",
        "LLaVA",
        (preprocessor, _, _, projector) -> {
          var processor =
              FixedSizeImages.processor(preprocessor, projector.tower().config().patchSize());
          projector.requireGrid(preprocessor.raw(), processor.grid());
          return new LlavaEncoder(processor, projector);
        },
        decoders);
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
    ConfigNode vision = config.requiredVision();
    LlavaParts parts = new LlavaParts(files.reader(checkpoint, kernels), kernels);
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
    ImageEncoder images =
        encoder.read(PreprocessorConfig.read(files.directory()), config.root(), parts, projector);
    parts.requireAllRead(decoder, projector);
    return LoadedModel.withImages(
        decoder, LoadedModel.ImageInput.causal(TOKEN, config.imageTokenId(), images));
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

  /** A tower without class token has none to drop, but the strategy would drop a patch. */
  private static boolean dropsClassToken(ConfigNode root, FixedResolutionTower.Config tower) {
    String key = "vision_feature_select_strategy";
    String strategy = root.string(key, "default");
    return switch (strategy) {
      case "full" -> false;
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
