package org.vesalius.runtime.vision;

import java.util.Set;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.QwenImageProcessor;

/**
 * Builds the image processor of a Seed vision tower from {@code preprocessor_config.json}: Qwen's
 * with patches of one frame.
 *
 * <p>Where the file is silent: bilinear, patch 14, merge 2, 4·28² to 5120·28² pixels, as
 * Seed1.5-VL's report and demo state. They state no mean and no standard deviation, so the file
 * must.
 */
public final class SeedImages {
  private SeedImages() {}

  /**
   * The processor that a configuration describes.
   *
   * @throws UnsupportedModelException if it wants something else than the Seed processor does
   */
  public static QwenImageProcessor processor(PreprocessorConfig config) {
    ImageSettings.check(config, Set.of("SeedImageProcessor"));
    if (config.temporalPatchSize().orElse(1) != 1) {
      throw ImageSettings.unsupported(
          config.raw(), "temporal_patch_size", "" + config.temporalPatchSize().getAsInt(), "1");
    }
    return QwenImages.build(config);
  }
}
