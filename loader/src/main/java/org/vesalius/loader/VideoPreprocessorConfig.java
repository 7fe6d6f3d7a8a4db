package org.vesalius.loader;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How the frames of a video are prepared: {@code video_processor} in {@code processor_config.json},
 * else {@code video_preprocessor_config.json}, else {@code preprocessor_config.json}, in the order
 * of transformers 5.12.1.
 *
 * <p>A key that is absent has the default of the video processor's class, Qwen2-VL's (for
 * Qwen2.5-VL too) or Qwen3-VL's; other classes are refused. Which frames are taken from a video is
 * not part of this; {@code raw} has the keys that speak of it.
 *
 * @param videoProcessorType class name, such as {@code Qwen3VLVideoProcessor}
 * @param doResize whether to resize
 * @param minPixels smallest number of pixels: of a frame for Qwen2-VL, of all frames for Qwen3-VL
 * @param maxPixels largest number of pixels, likewise
 * @param resample filter of the resize, by Pillow's number
 * @param doRescale whether to multiply by {@code rescaleFactor}
 * @param rescaleFactor factor on the byte values
 * @param doNormalize whether to subtract {@code mean} and to divide by {@code std}
 * @param mean one value per channel
 * @param std one value per channel, none of them zero
 * @param patchSize edge of a patch in pixels
 * @param temporalPatchSize frames of a patch
 * @param mergeSize patches, along one edge, that become one token
 * @param raw the object, for keys of a single family
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out; equality is not used
public record VideoPreprocessorConfig(
    String videoProcessorType,
    boolean doResize,
    int minPixels,
    int maxPixels,
    int resample,
    boolean doRescale,
    double rescaleFactor,
    boolean doNormalize,
    double[] mean,
    double[] std,
    int patchSize,
    int temporalPatchSize,
    int mergeSize,
    ConfigNode raw) {

  /** Name of the file in a model folder. */
  public static final String FILE_NAME = "video_preprocessor_config.json";

  private static final String TYPE = "video_processor_type";

  public VideoPreprocessorConfig {
    mean = mean.clone();
    std = std.clone();
  }

  /** A copy: one value per channel. */
  @Override
  public double[] mean() {
    return mean.clone();
  }

  /** A copy: one value per channel. */
  @Override
  public double[] std() {
    return std.clone();
  }

  /**
   * Reads the frame preparation of a model folder; empty for a model without one.
   *
   * @param familyType class of the model family, for files that name none, as those do that were
   *     written for pictures only
   * @throws ModelFormatException when it is malformed or of another class
   */
  public static Optional<VideoPreprocessorConfig> readOptional(Path directory, String familyType) {
    return ConfigNode.readOptional(directory, PreprocessorConfig.PROCESSOR_FILE_NAME)
        .flatMap(processor -> processor.optionalObject("video_processor"))
        .or(() -> ConfigNode.readOptional(directory, FILE_NAME))
        .or(() -> ConfigNode.readOptional(directory, PreprocessorConfig.FILE_NAME))
        .map(node -> of(node, familyType));
  }

  /** The frame preparation in an object that was already read. */
  public static VideoPreprocessorConfig of(ConfigNode node, String familyType) {
    String type = node.string(TYPE, familyType);
    boolean each =
        switch (type) {
          case "Qwen2VLVideoProcessor" -> true;
          case "Qwen3VLVideoProcessor" -> false;
          default -> throw node.error(TYPE, "Qwen2VLVideoProcessor or Qwen3VLVideoProcessor", type);
        };
    int block = each ? 28 * 28 : 32 * 32;
    ImageSize size =
        ImageSize.read(
            node,
            "size",
            ImageSize.edges(OptionalInt.of(128 * block), OptionalInt.of(768 * block)),
            false);
    OptionalInt minPixels = size.shortestEdge();
    OptionalInt maxPixels = size.longestEdge();
    if (each) {
      // Only this class lets the former keys win.
      minPixels = node.has("min_pixels") ? node.optionalInt("min_pixels") : minPixels;
      maxPixels = node.has("max_pixels") ? node.optionalInt("max_pixels") : maxPixels;
    }
    PreprocessorConfig.requireArea(node, "shortest_edge", minPixels);
    PreprocessorConfig.requireArea(node, "longest_edge", maxPixels);
    ImageProcessorDefaults pictures =
        ImageProcessorDefaults.of(each ? "Qwen2VLImageProcessor" : "SiglipImageProcessor");
    double[] mean = PreprocessorConfig.channels(node, "image_mean", pictures.mean());
    double[] std = PreprocessorConfig.channels(node, "image_std", pictures.std());
    PreprocessorConfig.requireDivisors(node, mean, std);
    return new VideoPreprocessorConfig(
        type,
        PreprocessorConfig.toggle(node, "do_resize", true),
        minPixels.getAsInt(),
        maxPixels.getAsInt(),
        PreprocessorConfig.resample(node, OptionalInt.of(3)),
        PreprocessorConfig.toggle(node, "do_rescale", true),
        PreprocessorConfig.notNull(node, "rescale_factor").doubleValue("rescale_factor", 1.0 / 255),
        PreprocessorConfig.toggle(node, "do_normalize", true),
        mean,
        std,
        positive(node, "patch_size", each ? 14 : 16),
        positive(node, "temporal_patch_size", 2),
        positive(node, "merge_size", 2),
        node);
  }

  private static int positive(ConfigNode node, String key, int absent) {
    return PreprocessorConfig.positive(node, key, OptionalInt.of(absent)).orElse(absent);
  }
}
