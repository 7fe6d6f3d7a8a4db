package org.vesalius.runtime.vision;

import java.util.OptionalInt;
import java.util.Set;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.loader.VideoPreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.FrameBudget;
import org.vesalius.runtime.vision.image.QwenImageProcessor;

/** Builds the image and video processors of the Qwen vision models from their configurations. */
public final class QwenImages {
  private static final Set<String> TYPES =
      Set.of("Qwen2VLImageProcessor", "Qwen2_5_VLImageProcessor");

  private QwenImages() {}

  /**
   * The processor of pictures that a configuration describes.
   *
   * @throws UnsupportedModelException if it wants something else than the Qwen processor does
   */
  public static QwenImageProcessor processor(PreprocessorConfig config) {
    ImageSettings.check(config, TYPES);
    return build(config);
  }

  /**
   * The processor of frames that a configuration describes, for {@link
   * QwenImageProcessor#processFrames}.
   *
   * @throws UnsupportedModelException if it wants something else than the Qwen processors do
   */
  public static QwenImageProcessor videoProcessor(VideoPreprocessorConfig config) {
    ConfigNode raw = config.raw();
    FrameBudget budget =
        switch (config.videoProcessorType()) {
          case "Qwen2VLVideoProcessor" -> FrameBudget.EACH_FRAME;
          case "Qwen3VLVideoProcessor" -> FrameBudget.WHOLE_VIDEO;
          default ->
              throw ImageSettings.unsupported(
                  raw,
                  "video_processor_type",
                  config.videoProcessorType(),
                  "Qwen2VLVideoProcessor, Qwen3VLVideoProcessor");
        };
    ImageSettings.requireOn(raw, "do_resize", config.doResize());
    ImageSettings.requireOn(raw, "do_rescale", config.doRescale());
    ImageSettings.requireOn(raw, "do_normalize", config.doNormalize());
    return ImageSettings.build(
        raw,
        () ->
            new QwenImageProcessor(
                    config.patchSize(),
                    config.temporalPatchSize(),
                    config.mergeSize(),
                    config.minPixels(),
                    config.maxPixels(),
                    ImageSettings.floats(config.mean()),
                    ImageSettings.floats(config.std()),
                    config.rescaleFactor(),
                    Filter.ofPillowCode(config.resample()))
                .withFrameBudget(budget));
  }

  /** The processor of a configuration whose class was checked. */
  static QwenImageProcessor build(PreprocessorConfig config) {
    ImageSettings.requireOn(config.raw(), "do_resize", config.doResize());
    return ImageSettings.build(
        config.raw(),
        () ->
            new QwenImageProcessor(
                require(config, "patch_size", config.patchSize()),
                require(config, "temporal_patch_size", config.temporalPatchSize()),
                require(config, "merge_size", config.mergeSize()),
                require(config, "min_pixels", config.minPixels()),
                require(config, "max_pixels", config.maxPixels()),
                ImageSettings.floats(config.mean()),
                ImageSettings.floats(config.std()),
                config.rescaleFactor(),
                Filter.ofPillowCode(config.resample())));
  }

  private static int require(PreprocessorConfig config, String key, OptionalInt value) {
    return value.orElseThrow(() -> config.raw().error(key, "a number", "none"));
  }
}
