package org.vesalius.runtime.models.gemma3;

import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderReader;
import org.vesalius.runtime.layers.Linear;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.Gemma3Images;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.runtime.vision.image.PanAndScan;
import org.vesalius.runtime.vision.image.PanAndScanImageProcessor;

/** Gemma 3 with the SigLIP tower (MedGemma). Tokens of one image see each other. */
public final class Gemma3 implements ModelFamily {
  private final Gemma3Text text = new Gemma3Text();

  @Override
  public String modelType() {
    return "gemma3";
  }

  @Override
  public String displayName() {
    return "Gemma 3";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.GEMMA3;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    WeightReader root = files.reader(checkpoint, kernels);
    WeightReader model =
        root.atFirstWith(
            "embed_tokens.weight",
            List.of("language_model.model", "model.language_model", "language_model"));
    WeightReader headAt =
        root.has("language_model.lm_head.weight") ? root.at("language_model") : root;
    Decoder decoder = text.decoder(model, headAt, config, kernels);
    Gemma3Encoder encoder = encoder(files, config, root, kernels, decoder.config().width());
    FixedResolutionTower.Config tower = encoder.tower().config();
    root.requireAllRead(name ->
        DecoderReader.isDerived(name) || FixedResolutionTower.isUnused(name, tower, tower.depth()));
    return LoadedModel.withImages(
        decoder,
        new LoadedModel.ImageInput(
            Gemma3Encoder.BEGIN,
            Gemma3Encoder.TOKEN,
            config.imageTokenId(),
            encoder.side() * encoder.side(),
            encoder));
  }

  private static Gemma3Encoder encoder(
      ModelFiles files, ModelConfig config, WeightReader root, Kernels kernels, int decoderWidth) {
    ConfigNode vision = config.requiredVision();
    FixedResolutionTower.Config sizes =
        FixedResolutionTower.Config.read(vision, FixedResolutionTower.SIGLIP);
    WeightReader at =
        root.atFirstWith(
            "embeddings.patch_embedding.weight",
            List.of(
                "vision_tower.vision_model",
                "vision_tower",
                "model.vision_tower.vision_model",
                "model.vision_tower"));
    int tokens = config.root().intValue("mm_tokens_per_image", 256);
    int side = (int) Math.round(Math.sqrt(tokens));
    if (sizes.classToken()) {
      throw vision.error("model_type", FixedResolutionTower.SIGLIP, FixedResolutionTower.CLIP);
    }
    if (side < 1 || side * side != tokens || sizes.side() % side != 0) {
      throw config
          .root()
          .error(
              "mm_tokens_per_image",
              "a square number whose root divides the " + sizes.side() + " patches of a side",
              "" + tokens);
    }
    PreprocessorConfig preprocessor = PreprocessorConfig.read(files.directory());
    PanAndScanImageProcessor processor = Gemma3Images.processor(preprocessor, sizes.patchSize());
    sizes.requireGrid(preprocessor.raw(), "size", processor.grid());
    requireTokens(files, tokens);
    WeightReader projector =
        root.atFirstWith(
            "mm_soft_emb_norm.weight",
            List.of("multi_modal_projector", "model.multi_modal_projector"));
    int width = sizes.sizes().width();
    return new Gemma3Encoder(
        kernels,
        processor,
        Gemma3Images.panAndScan(preprocessor).orElse(PanAndScan.GEMMA3),
        new FixedResolutionTower(at, kernels, sizes, sizes.depth(), true),
        new TensorPool(kernels),
        side,
        projector.rmsNorm("mm_soft_emb_norm", width, sizes.epsilon(), 1),
        new Linear(projector.transposed("mm_input_projection_weight", decoderWidth, width), null));
  }

  /** The processor's file says again how many tokens a picture has. */
  private static void requireTokens(ModelFiles files, int tokens) {
    Optional<ConfigNode> processor =
        ConfigNode.readOptional(files.directory(), PreprocessorConfig.PROCESSOR_FILE_NAME);
    String key = "image_seq_length";
    if (processor.isPresent() && processor.get().intValue(key, tokens) != tokens) {
      throw processor
          .get()
          .error(
              key,
              "mm_tokens_per_image of config.json, " + tokens,
              "" + processor.get().intValue(key));
    }
  }
}
