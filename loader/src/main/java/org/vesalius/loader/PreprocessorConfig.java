package org.vesalius.loader;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How images are prepared: what all image processors share, from {@code preprocessor_config.json}
 * or from {@code image_processor} in {@code processor_config.json}.
 *
 * <p>When both exist the nested one is used, as transformers 5.12.1 does. A key that is absent has
 * the default of the image processor's class where the class is known (Qwen2-VL, CLIP, LLaVA and
 * LLaVA-Next, Gemma 3, SigLIP, Seed; with or without {@code Fast} or {@code Pil} at the end of its
 * name), and is refused where it is not. A switch that is {@code null} is off, since transformers
 * stores the null and tests it as a condition.
 *
 * @param imageProcessorType class name, such as {@code Qwen2VLImageProcessor}
 * @param doResize whether to resize
 * @param size target of the resize; for Qwen2-VL its edges are the areas {@code minPixels} and
 *     {@code maxPixels}
 * @param minPixels smallest area in pixels (Qwen2-VL: {@code min_pixels}, else {@code
 *     size.shortest_edge})
 * @param maxPixels largest area in pixels (likewise)
 * @param resample filter of the resize, by Pillow's number: 0 nearest, 1 Lanczos, 2 bilinear, 3
 *     bicubic, 4 box, 5 Hamming
 * @param doCenterCrop whether to cut {@code cropSize} out of the middle
 * @param cropSize size to cut out
 * @param doRescale whether to multiply by {@code rescaleFactor}
 * @param rescaleFactor factor on the byte values
 * @param doNormalize whether to subtract {@code mean} and to divide by {@code std}
 * @param mean one value per channel
 * @param std one value per channel, none of them zero
 * @param doConvertRgb whether to convert to RGB
 * @param patchSize edge of a patch in pixels
 * @param temporalPatchSize frames of a patch
 * @param mergeSize patches, along one edge, that become one token
 * @param raw the object, for keys of a single family
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out; equality is not used
public record PreprocessorConfig(
    String imageProcessorType,
    boolean doResize,
    ImageSize size,
    OptionalInt minPixels,
    OptionalInt maxPixels,
    int resample,
    boolean doCenterCrop,
    ImageSize cropSize,
    boolean doRescale,
    double rescaleFactor,
    boolean doNormalize,
    double[] mean,
    double[] std,
    boolean doConvertRgb,
    OptionalInt patchSize,
    OptionalInt temporalPatchSize,
    OptionalInt mergeSize,
    ConfigNode raw) {

  /** Name of the file in a model folder. */
  public static final String FILE_NAME = "preprocessor_config.json";

  /** Name of the file in which transformers 5 nests the same object. */
  public static final String PROCESSOR_FILE_NAME = "processor_config.json";

  public PreprocessorConfig {
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
   * Reads the image preparation of a model folder; empty for a model without one.
   *
   * @throws ModelFormatException when it is malformed
   */
  public static Optional<PreprocessorConfig> readOptional(Path directory) {
    return ConfigNode.readOptional(directory, PROCESSOR_FILE_NAME)
        .flatMap(processor -> processor.optionalObject("image_processor"))
        .or(() -> ConfigNode.readOptional(directory, FILE_NAME))
        .map(PreprocessorConfig::of);
  }

  /**
   * Reads the image preparation of a model folder.
   *
   * @throws ModelFormatException when there is none or it is malformed
   */
  public static PreprocessorConfig read(Path directory) {
    return readOptional(directory)
        .orElseThrow(() ->
            ModelFormatException.of(
                directory.resolve(FILE_NAME),
                "file",
                "it, or image_processor in " + PROCESSOR_FILE_NAME,
                "neither",
                "is the download complete?"));
  }

  /** The image preparation in an object that was already read. */
  public static PreprocessorConfig of(ConfigNode node) {
    // The key of files from before image processors had their own name.
    Optional<String> former = node.optionalString("feature_extractor_type");
    String type =
        node.has("image_processor_type") || former.isEmpty()
            ? node.string("image_processor_type")
            : former.get();
    ImageProcessorDefaults defaults = ImageProcessorDefaults.of(type);
    if (!defaults.isKnownClass() && node.has("size") && !node.isObject("size")) {
      throw node.error("size", "an object, since " + type + " is not a known class", "a number");
    }
    ImageSize size = ImageSize.read(node, "size", defaults.size(), defaults.numberIsSquare());
    OptionalInt minPixels = node.optionalInt("min_pixels");
    OptionalInt maxPixels = node.optionalInt("max_pixels");
    if (defaults.edgesAreAreas()) {
      minPixels = minPixels.isPresent() ? minPixels : size.shortestEdge();
      maxPixels = maxPixels.isPresent() ? maxPixels : size.longestEdge();
      requireArea(node, "shortest_edge", minPixels);
      requireArea(node, "longest_edge", maxPixels);
      size = ImageSize.edges(minPixels, maxPixels);
    }
    double[] mean = channels(node, "image_mean", defaults.mean());
    double[] std = channels(node, "image_std", defaults.std());
    requireDivisors(node, mean, std);
    return new PreprocessorConfig(
        type,
        toggle(node, "do_resize", true),
        size,
        minPixels,
        maxPixels,
        resample(node, defaults.resample()),
        toggle(node, "do_center_crop", defaults.centerCrop()),
        ImageSize.read(node, "crop_size", defaults.cropSize(), true),
        toggle(node, "do_rescale", true),
        notNull(node, "rescale_factor").doubleValue("rescale_factor", 1.0 / 255),
        toggle(node, "do_normalize", true),
        mean,
        std,
        toggle(node, "do_convert_rgb", true),
        positive(node, "patch_size", defaults.patchSize()),
        positive(node, "temporal_patch_size", defaults.temporalPatchSize()),
        positive(node, "merge_size", defaults.mergeSize()),
        node);
  }

  static void requireDivisors(ConfigNode node, double[] mean, double[] std) {
    if (mean.length != std.length) {
      throw node.error("image_std", mean.length + " numbers, as image_mean has", "" + std.length);
    }
    for (double value : std) {
      if (value == 0) {
        throw node.error("image_std", "no zero", "a zero");
      }
    }
  }

  static void requireArea(ConfigNode node, String edge, OptionalInt pixels) {
    if (pixels.isEmpty()) {
      throw node.error("size." + edge, "it, or min_pixels and max_pixels", "no such key");
    }
    if (pixels.getAsInt() <= 0) {
      throw node.error("size." + edge, "a positive area", "" + pixels.getAsInt());
    }
  }

  static boolean toggle(ConfigNode node, String key, boolean absent) {
    return !node.isNull(key) && node.booleanValue(key, absent);
  }

  static int resample(ConfigNode node, OptionalInt absent) {
    String key = "resample";
    if (notNull(node, key).has(key) || absent.isEmpty()) {
      int resample = node.intValue(key);
      if (resample < 0 || resample > 5) {
        throw node.error(key, "a filter of Pillow, 0 to 5", "" + resample);
      }
      return resample;
    }
    return absent.getAsInt();
  }

  static double[] channels(ConfigNode node, String key, List<Double> absent) {
    return notNull(node, key).has(key) || absent.isEmpty()
        ? node.doubles(key)
        : absent.stream().mapToDouble(Double::doubleValue).toArray();
  }

  static OptionalInt positive(ConfigNode node, String key, OptionalInt absent) {
    OptionalInt value = node.has(key) ? node.optionalInt(key) : absent;
    if (value.isPresent() && value.getAsInt() <= 0) {
      throw node.error(key, "a positive integer", "" + value.getAsInt());
    }
    return value;
  }

  static ConfigNode notNull(ConfigNode node, String key) {
    if (node.isNull(key)) {
      throw node.error(key, "a value, or no such key", "null");
    }
    return node;
  }
}
