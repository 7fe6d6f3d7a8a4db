package org.vesalius.runtime.vision;

import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.loader.VideoPreprocessorConfig;

/**
 * How a tower wants pictures to be cut, from config.json. The image processor's file says it again,
 * and patches of another shape would pass through the tower as noise.
 *
 * @param patchSize pixels of a patch's side
 * @param temporalPatchSize frames of a patch
 * @param mergeSize patches of a merged cell's side
 */
public record PatchSizes(int patchSize, int temporalPatchSize, int mergeSize) {

  /** The image preparation, if it cuts pictures so. */
  public PreprocessorConfig require(PreprocessorConfig config) {
    ConfigNode raw = config.raw();
    require(raw, "patch_size", patchSize, config.patchSize().orElse(patchSize));
    require(
        raw,
        "temporal_patch_size",
        temporalPatchSize,
        config.temporalPatchSize().orElse(temporalPatchSize));
    require(raw, "merge_size", mergeSize, config.mergeSize().orElse(mergeSize));
    return config;
  }

  /** The frame preparation, if it cuts frames so. */
  public VideoPreprocessorConfig require(VideoPreprocessorConfig config) {
    require(config.raw(), "patch_size", patchSize, config.patchSize());
    require(config.raw(), "temporal_patch_size", temporalPatchSize, config.temporalPatchSize());
    require(config.raw(), "merge_size", mergeSize, config.mergeSize());
    return config;
  }

  private static void require(ConfigNode raw, String key, int expected, int found) {
    if (found != expected) {
      throw raw.error(key, expected + ", as the vision tower of config.json has it", "" + found);
    }
  }
}
