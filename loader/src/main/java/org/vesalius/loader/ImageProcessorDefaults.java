package org.vesalius.loader;

import java.util.List;
import java.util.OptionalInt;

/**
 * What the image processor classes of transformers 5.12.1 assume where a file is silent, read from
 * instances made without arguments; and what Seed1.5-VL's report and demo state for Seed's.
 *
 * @param numberIsSquare whether a size given as one number is a square or the shorter side
 * @param edgesAreAreas whether {@code shortest_edge} and {@code longest_edge} count pixels
 */
record ImageProcessorDefaults(
    OptionalInt resample,
    ImageSize size,
    boolean numberIsSquare,
    boolean edgesAreAreas,
    boolean centerCrop,
    ImageSize cropSize,
    List<Double> mean,
    List<Double> std,
    OptionalInt patchSize,
    OptionalInt temporalPatchSize,
    OptionalInt mergeSize) {

  private static final OptionalInt BILINEAR = OptionalInt.of(2);
  private static final OptionalInt BICUBIC = OptionalInt.of(3);
  private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);
  private static final List<Double> HALF = List.of(0.5, 0.5, 0.5);

  static ImageProcessorDefaults of(String type) {
    return switch (type.replaceFirst("(Fast|Pil)$", "")) {
      case "Qwen2VLImageProcessor", "Qwen2_5_VLImageProcessor" ->
          new ImageProcessorDefaults(
              BICUBIC,
              ImageSize.edges(OptionalInt.of(56 * 56), OptionalInt.of(28 * 28 * 1280)),
              false,
              true,
              false,
              ImageSize.NONE,
              CLIP_MEAN,
              CLIP_STD,
              OptionalInt.of(14),
              OptionalInt.of(2),
              OptionalInt.of(2));
      // No class of transformers: mean and standard deviation are not public, so a file states
      // them.
      case "SeedImageProcessor" ->
          new ImageProcessorDefaults(
              BILINEAR,
              ImageSize.edges(OptionalInt.of(4 * 28 * 28), OptionalInt.of(5120 * 28 * 28)),
              false,
              true,
              false,
              ImageSize.NONE,
              List.of(),
              List.of(),
              OptionalInt.of(14),
              OptionalInt.of(1),
              OptionalInt.of(2));
      case "CLIPImageProcessor",
          "CLIPFeatureExtractor",
          "LlavaImageProcessor",
          "LlavaNextImageProcessor" ->
          fixedSize(
              BICUBIC,
              ImageSize.edges(OptionalInt.of(224), OptionalInt.empty()),
              false,
              ImageSize.rectangle(224, 224),
              CLIP_MEAN,
              CLIP_STD);
      case "Gemma3ImageProcessor" ->
          fixedSize(BILINEAR, ImageSize.rectangle(224, 224), true, ImageSize.NONE, HALF, HALF);
      case "SiglipImageProcessor" ->
          fixedSize(BICUBIC, ImageSize.rectangle(224, 224), false, ImageSize.NONE, HALF, HALF);
      default ->
          fixedSize(
              OptionalInt.empty(), ImageSize.NONE, false, ImageSize.NONE, List.of(), List.of());
    };
  }

  /** Whether the class is one of those whose defaults are known. */
  boolean isKnownClass() {
    return resample.isPresent();
  }

  private static ImageProcessorDefaults fixedSize(
      OptionalInt resample,
      ImageSize size,
      boolean numberIsSquare,
      ImageSize cropSize,
      List<Double> mean,
      List<Double> std) {
    return new ImageProcessorDefaults(
        resample,
        size,
        numberIsSquare,
        false,
        !cropSize.isEmpty(),
        cropSize,
        mean,
        std,
        OptionalInt.empty(),
        OptionalInt.empty(),
        OptionalInt.empty());
  }
}
