package org.vesalius.runtime.models;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.loader.VideoPreprocessorConfig;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderReader;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.layers.WeightReader;
import org.vesalius.runtime.vision.NativeResolutionEncoder;
import org.vesalius.runtime.vision.PatchSizes;
import org.vesalius.runtime.vision.PatchTower;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.QwenImages;
import org.vesalius.runtime.vision.TokenGrid;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * What the Qwen vision models have in common: where their tensors are, the image token, and
 * three-dimensional positions. The towers differ.
 */
public final class QwenVisionModel {
  private static final String IMAGE_TOKEN = "<|image_pad|>";
  private static final String VIDEO_TOKEN = "<|video_pad|>";

  /**
   * The decoders of Qwen2-VL and Qwen2.5-VL, with the numbers of {@code Qwen2VLTextConfig} for
   * files that leave them out.
   */
  private static final DecoderStyle SECOND_GENERATION =
      DecoderStyle.llama()
          .biases(true, false, false)
          .windows(DecoderStyle.WindowRule.FROM_LAYER)
          .epsilon(1e-5)
          .defaults(
              Map.of(
                  "hidden_size", 8192,
                  "intermediate_size", 29568,
                  "num_hidden_layers", 80,
                  "num_attention_heads", 64,
                  "num_key_value_heads", 8,
                  "vocab_size", 152064,
                  "max_position_embeddings", 32768,
                  "sliding_window", 4096,
                  "max_window_layers", 80))
          .build();

  private final ModelFiles files;
  private final ModelConfig config;
  private final WeightReader root;
  private final Kernels kernels;
  private final DecoderStyle style;
  private final DecoderConfig sizes;

  /** Qwen2-VL or Qwen2.5-VL. */
  public QwenVisionModel(ModelFiles files, ModelConfig config, WeightReader root, Kernels kernels) {
    this(files, config, root, kernels, SECOND_GENERATION, secondGeneration(config));
  }

  /** The sizes of the decoder of a Qwen2-VL or Qwen2.5-VL. */
  public static DecoderConfig secondGeneration(ModelConfig config) {
    if (config.rope().mropeInterleaved()) {
      throw config
          .rope()
          .parameters()
          .error("mrope_interleaved", "false, as in every model of this family", "true");
    }
    return DecoderConfig.read(config, SECOND_GENERATION, false);
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
    return config.requiredVision();
  }

  /** Where the tower's tensors are, in checkpoints of transformers 4 and 5. */
  public WeightReader visualWeights() {
    return root.atFirstWith("patch_embed.proj.weight", List.of("model.visual", "visual"));
  }

  /**
   * Reads the decoder and puts the model together.
   *
   * @param patches how the tower wants pictures to be cut
   * @param videoProcessor class of the family's frame preparation, for files that name none
   * @param frames how frames stand in a prompt
   */
  public LoadedModel load(
      PatchSizes patches, PatchTower tower, String videoProcessor, FrameLayout frames) {
    WeightReader text =
        root.atFirstWith(
            "embed_tokens.weight",
            List.of("model.language_model", "model", "language_model.model"));
    WeightReader headAt =
        root.has("language_model.lm_head.weight") ? root.at("language_model") : root;
    Decoder decoder = new DecoderReader(kernels, sizes, style).read(text, headAt);
    root.requireAllRead(name -> DecoderReader.isDerived(name));
    NativeResolutionEncoder encoder =
        new NativeResolutionEncoder(
            QwenImages.processor(patches.require(PreprocessorConfig.read(files.directory()))),
            patches.mergeSize(),
            IMAGE_TOKEN,
            tower);
    return new LoadedModel(
        decoder,
        new MultimodalPositions(),
        Optional.of(LoadedModel.ImageInput.causal(IMAGE_TOKEN, config.imageTokenId(), encoder)),
        videos(patches, videoProcessor, frames));
  }

  private Optional<LoadedModel.VideoInput> videos(
      PatchSizes patches, String type, FrameLayout layout) {
    return VideoPreprocessorConfig.readOptional(files.directory(), type)
        .map(patches::require)
        .map(QwenImages::videoProcessor)
        .map(processor ->
            new LoadedModel.VideoInput(
                VIDEO_TOKEN,
                config.root().optionalInt("video_token_id"),
                (frames, rate) ->
                    layout.place(processor.processFrames(frames), frames.size(), rate)));
  }

  /** How the tokens of a video's frames stand in a prompt. */
  @FunctionalInterface
  public interface FrameLayout {
    /**
     * Places frames.
     *
     * @param patches of all frames
     * @param frames how many there were
     * @param framesPerSecond how many of them a second has
     */
    PreparedImage place(ImagePatches patches, int frames, double framesPerSecond);
  }

  /**
   * All frames in one run of tokens (Qwen2-VL, Qwen2.5-VL).
   *
   * @param cellSide patches of a token's side
   * @param frameStep by how much the time position grows from temporal patch to temporal patch
   */
  public static PreparedImage together(ImagePatches patches, int cellSide, int frameStep) {
    TokenGrid grid =
        new TokenGrid(
            patches.gridT(), patches.gridH() / cellSide, patches.gridW() / cellSide, frameStep);
    return PreparedImage.video(patches, VIDEO_TOKEN, List.of(grid));
  }

  /**
   * Each temporal patch by itself behind the time of its middle (Qwen3-VL). The marks around them
   * are those that transformers 5.12.1 writes, which keeps the template's own marks around all.
   */
  public static PreparedImage timestamped(
      ImagePatches patches, int frames, double framesPerSecond, int cellSide, int framesPerPatch) {
    TokenGrid grid = new TokenGrid(patches.gridH() / cellSide, patches.gridW() / cellSide);
    StringBuilder prompt = new StringBuilder();
    for (int t = 0; t < patches.gridT(); t++) {
      int first = t * framesPerPatch;
      int last = Math.min(first + framesPerPatch, frames) - 1;
      double seconds = (first / framesPerSecond + last / framesPerSecond) / 2;
      prompt
          .append('<')
          .append(new BigDecimal(seconds).setScale(1, RoundingMode.HALF_EVEN).toPlainString())
          .append(" seconds><|vision_start|>")
          .append(VIDEO_TOKEN)
          .append("<|vision_end|>");
    }
    return PreparedImage.video(
        patches, prompt.toString(), Collections.nCopies(patches.gridT(), grid));
  }
}
