package org.vesalius.runtime.models.seed_vl;

import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderReader;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.layers.ExpertConfig;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.models.TextFamily;
import org.vesalius.runtime.vision.NativeResolutionEncoder;
import org.vesalius.runtime.vision.SeedImages;

/**
 * The shape of Seed1.5-VL and MedXIAOHE, as far as it is public: Seed-ViT, an adapter, and a Seed
 * decoder, dense or with experts. No checkpoint is public; docs/seed-vl.md has the layout.
 */
public final class SeedVl implements ModelFamily {
  private static final String TOKEN = "<seed:image>";

  private final TextFamily dense;

  /**
   * The family.
   *
   * @param dense the Seed decoder without experts
   */
  public SeedVl(TextFamily dense) {
    this.dense = dense;
  }

  @Override
  public String modelType() {
    return "seed_vl";
  }

  @Override
  public String displayName() {
    return "Seed-VL";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.SEED_VL;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    ConfigNode vision = config.requiredVision();
    WeightReader root = files.reader(checkpoint, kernels);
    DecoderStyle style = dense.style(config);
    DecoderConfig sizes = sizes(config, style);
    WeightReader text = root.at("language_model");
    Decoder decoder = new DecoderReader(kernels, sizes, style).read(text.at("model"), text);
    SeedTower tower = SeedTower.read(root, kernels, vision, config.root(), sizes.width());
    root.requireAllRead(name -> DecoderReader.isDerived(name));
    NativeResolutionEncoder encoder =
        new NativeResolutionEncoder(
            SeedImages.processor(
                tower.patches().require(PreprocessorConfig.read(files.directory()))),
            tower.patches().mergeSize(),
            TOKEN,
            tower);
    return LoadedModel.withImages(
        decoder, LoadedModel.ImageInput.causal(TOKEN, config.imageTokenId(), encoder));
  }

  private static DecoderConfig sizes(ModelConfig config, DecoderStyle style) {
    DecoderConfig sizes = DecoderConfig.read(config, style, false);
    String type = config.textModelType();
    return switch (type) {
      case "seed_oss" -> sizes;
      case "seed_moe" ->
          sizes.withExperts(
              ExpertConfig.read(
                  config.text(),
                  sizes.layers(),
                  8,
                  config.text().booleanValue("norm_topk_prob", false)));
      default -> throw config.text().error("model_type", "seed_oss or seed_moe", type);
    };
  }
}
