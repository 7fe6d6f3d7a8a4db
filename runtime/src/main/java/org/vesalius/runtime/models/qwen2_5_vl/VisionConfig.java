package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.PatchSizes;
import org.vesalius.runtime.vision.VisionSizes;

/**
 * The sizes of the vision tower. Checkpoints that were saved again after a fine-tuning leave out
 * what is the default of {@code Qwen2_5_VLVisionConfig}, so the defaults are its own.
 *
 * @param depth number of blocks
 * @param width of the tower
 * @param innerWidth of its feed-forward networks
 * @param heads of its attention
 * @param patchSize pixels of a patch's side
 * @param temporalPatchSize frames of a patch
 * @param mergeSize patches of a merged cell's side
 * @param windowCells merged cells of a window's side
 * @param fullAttention the blocks that attend to the whole image
 * @param tokensPerSecond time positions of a second of video
 * @param outputWidth width of the decoder
 */
record VisionConfig(
    int depth,
    int width,
    int innerWidth,
    int heads,
    int patchSize,
    int temporalPatchSize,
    int mergeSize,
    int windowCells,
    Set<Integer> fullAttention,
    int tokensPerSecond,
    int outputWidth) {

  private static final int CHANNELS = 3;

  static VisionConfig read(ConfigNode vision, int decoderWidth) {
    String activation = vision.string("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw new UnsupportedModelException(
          vision.file()
              + ": vision_config.hidden_act: found "
              + activation
              + ", supported is silu");
    }
    int channels = vision.intValue("in_channels", vision.intValue("in_chans", CHANNELS));
    if (channels != CHANNELS) {
      throw vision.error("in_channels", "3", Integer.toString(channels));
    }
    int width = vision.intValue("hidden_size", 3584);
    int heads = vision.intValue("num_heads", 16);
    if (heads <= 0 || width % heads != 0 || width / heads % 4 != 0) {
      throw vision.error(
          "num_heads",
          "heads whose size is a multiple of 4",
          heads + " heads of a width of " + width);
    }
    int outputWidth = vision.intValue("out_hidden_size", 3584);
    if (outputWidth != decoderWidth) {
      throw vision.error(
          "out_hidden_size", "the decoder's width " + decoderWidth, "" + outputWidth);
    }
    int patch = vision.intValue("patch_size", 14);
    int merge = vision.intValue("spatial_merge_size", 2);
    int window = vision.intValue("window_size", 112);
    if (patch <= 0 || merge <= 0 || window / patch / merge <= 0) {
      throw vision.error("window_size", "at least one merged cell", window + " pixels");
    }
    return new VisionConfig(
        vision.intValue("depth", 32),
        width,
        vision.intValue("intermediate_size", 3420),
        heads,
        patch,
        vision.intValue("temporal_patch_size", 2),
        merge,
        window / merge / patch,
        vision.has("fullatt_block_indexes")
            ? Arrays.stream(vision.ints("fullatt_block_indexes"))
                .boxed()
                .collect(Collectors.toSet())
            : Set.of(7, 15, 23, 31),
        vision.intValue("tokens_per_second", 4),
        outputWidth);
  }

  PatchSizes patches() {
    return new PatchSizes(patchSize, temporalPatchSize, mergeSize);
  }

  VisionSizes sizes() {
    return new VisionSizes(width, innerWidth, heads);
  }

  int patchValues() {
    return CHANNELS * temporalPatchSize * patchSize * patchSize;
  }

  /**
   * By how much the time position grows from temporal patch to temporal patch. The seconds of a
   * patch count as a whole number, rounded down, as in {@code get_rope_index} of transformers
   * 5.12.1: from more than two frames a second on, all frames have one time.
   */
  int frameStep(double framesPerSecond) {
    return tokensPerSecond * (int) (temporalPatchSize / framesPerSecond);
  }

  /** Patches of a merged cell. */
  int cellPatches() {
    return mergeSize * mergeSize;
  }
}
