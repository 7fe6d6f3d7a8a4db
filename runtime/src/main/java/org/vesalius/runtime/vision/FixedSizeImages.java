package org.vesalius.runtime.vision;

import java.util.Optional;
import java.util.Set;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ImageSize;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.FixedSizeImageProcessor;
import org.vesalius.runtime.vision.image.FixedSizeImageProcessor.Resize;
import org.vesalius.runtime.vision.image.PixelNormalization;
import org.vesalius.runtime.vision.image.Size;

/**
 * Builds the image processors of CLIP, SigLIP and LLaVA towers from {@code
 * preprocessor_config.json}.
 */
public final class FixedSizeImages {
  private static final String LLAVA = "LlavaImageProcessor";
  private static final Set<String> TYPES =
      Set.of("CLIPImageProcessor", "CLIPFeatureExtractor", "SiglipImageProcessor", LLAVA);

  private FixedSizeImages() {}

  /**
   * The processor that a configuration describes.
   *
   * @param patchSize patch size of the vision tower, from config.json
   * @throws UnsupportedModelException if it wants something that the processor does not do
   */
  public static FixedSizeImageProcessor processor(PreprocessorConfig config, int patchSize) {
    ImageSettings.check(config, TYPES);
    boolean pad = isOn(config.raw(), "do_pad");
    boolean padToSquare = pad && ImageSettings.type(config).equals(LLAVA);
    if (pad && !padToSquare) {
      throw ImageSettings.unsupported(
          config.raw(), "do_pad", "true for " + config.imageProcessorType(), "true for " + LLAVA);
    }
    return build(config, padToSquare, patchSize);
  }

  /**
   * Whether a model in the layout of the original LLaVA code pads pictures to a square: {@code
   * image_aspect_ratio} of its config.json. Models in the layout of transformers say it by {@code
   * do_pad}.
   *
   * @throws UnsupportedModelException when it is neither {@code pad} nor {@code square}
   */
  public static boolean padsToSquare(ConfigNode modelConfig) {
    String key = "image_aspect_ratio";
    String found = modelConfig.string(key, "square");
    return switch (found) {
      case "pad" -> true;
      case "square" -> false;
      default -> throw ImageSettings.unsupported(modelConfig, key, found, "pad, square");
    };
  }

  /** The processor of a configuration whose class was checked. */
  static FixedSizeImageProcessor build(
      PreprocessorConfig config, boolean padToSquare, int patchSize) {
    if (isOn(config.raw(), "use_square_size")) {
      throw ImageSettings.unsupported(config.raw(), "use_square_size", "true", "false");
    }
    Resize resize = config.doResize() ? resize(config) : new Resize.None();
    Optional<Size> crop = config.doCenterCrop() ? Optional.of(crop(config)) : Optional.empty();
    return ImageSettings.build(
        config.raw(),
        () ->
            new FixedSizeImageProcessor(
                padToSquare,
                resize,
                Filter.ofPillowCode(config.resample()),
                crop,
                normalization(config),
                patchSize));
  }

  static PixelNormalization normalization(PreprocessorConfig config) {
    return new PixelNormalization(config.mean(), config.std(), config.rescaleFactor());
  }

  /** A switch that is null is off, as in transformers. */
  static boolean isOn(ConfigNode raw, String key) {
    return raw.booleanValue(key, false);
  }

  private static Resize resize(PreprocessorConfig config) {
    ImageSize size = config.size();
    boolean rectangle = size.height().isPresent() && size.width().isPresent();
    boolean none = size.height().isEmpty() && size.width().isEmpty();
    boolean edge = size.shortestEdge().isPresent();
    if (size.longestEdge().isPresent() || rectangle == edge || (edge && !none)) {
      throw ImageSettings.unsupported(
          config.raw(), "size", describe(size), "height and width, or shortest_edge alone");
    }
    return ImageSettings.build(
        config.raw(),
        () ->
            edge
                ? new Resize.ShortestEdge(size.shortestEdge().getAsInt())
                : new Resize.Exact(size.height().getAsInt(), size.width().getAsInt()));
  }

  private static Size crop(PreprocessorConfig config) {
    ImageSize size = config.cropSize();
    if (size.height().isEmpty() || size.width().isEmpty()) {
      throw ImageSettings.unsupported(
          config.raw(), "crop_size", describe(size), "height and width");
    }
    return new Size(size.height().getAsInt(), size.width().getAsInt());
  }

  static String describe(ImageSize size) {
    StringBuilder found = new StringBuilder();
    size.height().ifPresent(value -> found.append(" height ").append(value));
    size.width().ifPresent(value -> found.append(" width ").append(value));
    size.shortestEdge().ifPresent(value -> found.append(" shortest_edge ").append(value));
    size.longestEdge().ifPresent(value -> found.append(" longest_edge ").append(value));
    return found.isEmpty() ? "none of its known keys" : found.substring(1);
  }
}
