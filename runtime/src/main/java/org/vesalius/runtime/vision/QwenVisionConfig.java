package org.vesalius.runtime.vision;

import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.layers.Activations;

/**
 * The sizes that the towers of Qwen2-VL and Qwen3-VL have in common.
 *
 * @param depth number of blocks
 * @param sizes of the blocks
 * @param activation of the feed-forward networks
 * @param patchSize pixels of a patch's side
 * @param temporalPatchSize frames of a patch
 * @param mergeSize patches of a merged cell's side
 * @param outputWidth width of the decoder
 */
public record QwenVisionConfig(
    int depth,
    VisionSizes sizes,
    Activation activation,
    int patchSize,
    int temporalPatchSize,
    int mergeSize,
    int outputWidth) {

  private static final int CHANNELS = 3;

  /**
   * Checks what the families read.
   *
   * @param vision for error messages
   */
  public static QwenVisionConfig of(
      ConfigNode vision,
      int width,
      int innerWidth,
      int defaultDepth,
      String defaultActivation,
      int defaultPatchSize,
      int outputWidth) {
    int channels = vision.intValue("in_channels", vision.intValue("in_chans", CHANNELS));
    if (channels != CHANNELS) {
      throw vision.error("in_channels", "3", Integer.toString(channels));
    }
    int heads = vision.intValue("num_heads", 16);
    if (heads <= 0 || width <= 0 || width % heads != 0 || width / heads % 4 != 0) {
      throw vision.error(
          "num_heads",
          "heads whose size is a multiple of 4",
          heads + " heads of a width of " + width);
    }
    int depth = vision.intValue("depth", defaultDepth);
    int patch = vision.intValue("patch_size", defaultPatchSize);
    int merge = vision.intValue("spatial_merge_size", 2);
    int temporal = vision.intValue("temporal_patch_size", 2);
    if (depth <= 0 || patch <= 0 || merge <= 0 || temporal <= 0 || innerWidth <= 0) {
      throw vision.error(
          "depth",
          "positive sizes",
          "depth %d, patch_size %d, spatial_merge_size %d, temporal_patch_size %d, inner width %d"
              .formatted(depth, patch, merge, temporal, innerWidth));
    }
    return new QwenVisionConfig(
        depth,
        new VisionSizes(width, innerWidth, heads),
        Activations.read(vision, "hidden_act", defaultActivation),
        patch,
        temporal,
        merge,
        outputWidth);
  }

  /** How pictures are to be cut. */
  public PatchSizes patches() {
    return new PatchSizes(patchSize, temporalPatchSize, mergeSize);
  }

  /** Pixel values of a patch. */
  public int patchValues() {
    return CHANNELS * temporalPatchSize * patchSize * patchSize;
  }

  /** Patches of a merged cell. */
  public int cellPatches() {
    return mergeSize * mergeSize;
  }

  /** Width of a merged cell. */
  public int cellWidth() {
    return sizes.width() * cellPatches();
  }

  /** Operations of a tower with plain feed-forward networks and so many mergers. */
  public double operations(int frames, int patches, int mergers) {
    double embedding = 2.0 * patches * sizes.width() * patchValues();
    double cells = (double) patches / cellPatches();
    double merging = 2 * mergers * cells * cellWidth() * (cellWidth() + outputWidth);
    return embedding
        + depth * patches * sizes.operationsPerPatch(2)
        + depth * sizes.operationsOfPairs((double) patches * patches / frames)
        + merging;
  }
}
