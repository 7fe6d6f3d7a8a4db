package org.vesalius.runtime.models.llava_original;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
import org.vesalius.runtime.models.llava.Llava;
import org.vesalius.runtime.models.llava.LlavaEncoder;
import org.vesalius.runtime.models.llava.LlavaParts;
import org.vesalius.runtime.models.llava.LlavaProjector;
import org.vesalius.runtime.vision.FixedResolutionTower;
import org.vesalius.runtime.vision.FixedSizeImages;
import org.vesalius.runtime.vision.image.FixedSizeImageProcessor;

/**
 * LLaVA in the layout of its original code: LLaVA-Med v1.5 ({@code llava_mistral}) and its kin.
 * config.json names the tower instead of describing it, pictures are padded to squares, and the
 * tokenizer has no image token.
 */
public final class OriginalLlava implements ModelFamily {
  /**
   * The towers by the name that {@code mm_vision_tower} gives them. Sizes of
   * openai/clip-vit-large-patch14-336 from its config.json.
   */
  private static final Map<String, Map<String, Integer>> TOWERS =
      Map.of(
          "openai/clip-vit-large-patch14-336",
          Map.of(
              "hidden_size", 1024,
              "intermediate_size", 4096,
              "num_attention_heads", 16,
              "num_hidden_layers", 24,
              "image_size", 336,
              "patch_size", 14));

  private final String modelType;
  private final TextFamily decoder;
  private final Optional<String> template;

  /**
   * A family.
   *
   * @param template the conversation format of checkpoints without a chat template
   */
  public OriginalLlava(String modelType, TextFamily decoder, Optional<String> template) {
    this.modelType = modelType;
    this.decoder = decoder;
    this.template = template;
  }

  @Override
  public String modelType() {
    return modelType;
  }

  @Override
  public String displayName() {
    return "LLaVA, original layout (" + decoder.displayName() + ")";
  }

  @Override
  public AnswerFormat answerFormat() {
    return AnswerFormat.LLAVA;
  }

  @Override
  public Optional<String> defaultTemplate() {
    return template;
  }

  @Override
  public LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    ConfigNode root = config.root();
    refuseUnknown(root);
    LlavaParts parts = new LlavaParts(files.reader(checkpoint, kernels), kernels);
    Decoder text = decoder.decoder(parts.text(), parts.head(), config, kernels);
    FixedResolutionTower.Config sizes =
        FixedResolutionTower.Config.read(vision(config), FixedResolutionTower.CLIP);
    if (!parts.hasTower()) {
      throw new UnsupportedModelException(
          root.file()
              + ": mm_vision_tower: the weights of \""
              + root.string("mm_vision_tower", "")
              + "\" are not in the checkpoint; add its model.safetensors to the folder with names"
              + " that begin with model.vision_tower.vision_tower.");
    }
    LlavaProjector projector =
        parts.projector(
            sizes,
            LlavaParts.depths(root, "mm_vision_select_layer", sizes.depth()),
            dropsClassToken(root),
            text.config().width(),
            root);
    FixedSizeImageProcessor processor = processor(files, root, sizes);
    projector.requireGrid(root, processor.grid());
    parts.requireAllRead(text, projector);
    return LoadedModel.withImages(
        text,
        LoadedModel.ImageInput.causal(
            Llava.TOKEN, OptionalInt.empty(), new LlavaEncoder(processor, projector)));
  }

  private static ConfigNode vision(ModelConfig config) {
    if (config.vision().isPresent()) {
      return config.vision().get();
    }
    String name = config.root().string("mm_vision_tower");
    Map<String, Integer> sizes = TOWERS.get(name);
    if (sizes == null) {
      throw config
          .root()
          .error(
              "mm_vision_tower",
              "one of " + TOWERS.keySet() + ", or the tower's config.json as vision_config",
              name);
    }
    ConfigNode node = ConfigNode.parse("{}".getBytes(StandardCharsets.UTF_8), config.root().file());
    for (Map.Entry<String, Integer> entry : sizes.entrySet()) {
      node = node.withDefault(entry.getKey(), entry.getValue());
    }
    return node;
  }

  private static void refuseUnknown(ConfigNode root) {
    String projector = root.string("mm_projector_type", "linear");
    if (!projector.equals("mlp2x_gelu")) {
      throw root.error("mm_projector_type", "mlp2x_gelu", projector);
    }
    for (String key : new String[] {"mm_use_im_start_end", "mm_use_im_patch_token"}) {
      if (root.booleanValue(key, false)) {
        throw root.error(key, "false", "true");
      }
    }
  }

  private static boolean dropsClassToken(ConfigNode root) {
    String feature = root.string("mm_vision_select_feature", "patch");
    if (!feature.equals("patch") && !feature.equals("cls_patch")) {
      throw root.error("mm_vision_select_feature", "patch or cls_patch", feature);
    }
    return feature.equals("patch");
  }

  /** Without a preprocessor_config.json, what CLIP's has, for the tower's size. */
  private static FixedSizeImageProcessor processor(
      ModelFiles files, ConfigNode root, FixedResolutionTower.Config sizes) {
    PreprocessorConfig config =
        PreprocessorConfig.readOptional(files.directory())
            .orElseGet(() -> PreprocessorConfig.of(clip(root, sizes.imageSize())));
    FixedSizeImageProcessor processor = FixedSizeImages.processor(config, sizes.patchSize());
    return FixedSizeImages.padsToSquare(root) ? processor.withPadToSquare() : processor;
  }

  private static ConfigNode clip(ConfigNode root, int side) {
    String json =
        """
        {"image_processor_type": "CLIPImageProcessor",
         "size": {"shortest_edge": %d},
         "crop_size": {"height": %d, "width": %d}}
        """
            .formatted(side, side, side);
    return ConfigNode.parse(json.getBytes(StandardCharsets.UTF_8), root.file());
  }
}
