package org.vesalius.runtime.vision;

import java.util.OptionalInt;
import java.util.Set;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.QwenImageProcessor;

/** Builds the image processor of the Qwen vision models from preprocessor_config.json. */
public final class QwenImages {
  private static final Set<String> TYPES =
      Set.of(
          "Qwen2VLImageProcessor",
          "Qwen2VLImageProcessorFast",
          "Qwen2VLImageProcessorPil",
          "Qwen2_5_VLImageProcessor");

  private QwenImages() {}

  /**
   * The processor that a configuration describes.
   *
   * @throws UnsupportedModelException if it wants something else than the Qwen processor does
   */
  public static QwenImageProcessor processor(PreprocessorConfig config) {
    if (!TYPES.contains(config.imageProcessorType())) {
      throw unsupported(
          config, "image_processor_type", config.imageProcessorType(), TYPES.toString());
    }
    if (!config.doResize() || !config.doRescale() || !config.doNormalize()) {
      throw unsupported(
          config, "do_resize, do_rescale and do_normalize", "one that is false", "true for all");
    }
    return new QwenImageProcessor(
        require(config, "patch_size", config.patchSize()),
        require(config, "temporal_patch_size", config.temporalPatchSize()),
        require(config, "merge_size", config.mergeSize()),
        require(config, "min_pixels", config.minPixels()),
        require(config, "max_pixels", config.maxPixels()),
        floats(config.mean()),
        floats(config.std()),
        config.rescaleFactor(),
        Filter.ofPillowCode(config.resample()));
  }

  private static int require(PreprocessorConfig config, String key, OptionalInt value) {
    return value.orElseThrow(() -> config.raw().error(key, "a number", "none"));
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static UnsupportedModelException unsupported(
      PreprocessorConfig config, String key, String found, String supported) {
    return new UnsupportedModelException(
        config.raw().file() + ": " + key + ": found " + found + ", supported is " + supported);
  }
}
