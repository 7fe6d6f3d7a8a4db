package org.vesalius.runtime.models.qwen2_5_vl;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.vision.QwenVisionConfig;

/**
 * The sizes of the vision tower. Checkpoints that were saved again after a fine-tuning leave out
 * what is the default of {@code Qwen2_5_VLVisionConfig}, so the defaults are its own.
 *
 * @param common those that other towers have too
 * @param windowCells merged cells of a window's side
 * @param fullAttention the blocks that attend to the whole image
 * @param tokensPerSecond time positions of a second of video
 */
record VisionConfig(
    QwenVisionConfig common, int windowCells, Set<Integer> fullAttention, int tokensPerSecond) {

  static VisionConfig read(ConfigNode vision, int decoderWidth) {
    int output = vision.intValue("out_hidden_size", 3584);
    if (output != decoderWidth) {
      throw vision.error("out_hidden_size", "the decoder's width " + decoderWidth, "" + output);
    }
    QwenVisionConfig common =
        QwenVisionConfig.of(
            vision,
            vision.intValue("hidden_size", 3584),
            vision.intValue("intermediate_size", 3420),
            32,
            "silu",
            14,
            decoderWidth);
    int window = vision.intValue("window_size", 112);
    int cells = window / common.mergeSize() / common.patchSize();
    if (cells <= 0) {
      throw vision.error("window_size", "at least one merged cell", window + " pixels");
    }
    return new VisionConfig(
        common,
        cells,
        vision.has("fullatt_block_indexes")
            ? Arrays.stream(vision.ints("fullatt_block_indexes"))
                .boxed()
                .collect(Collectors.toSet())
            : Set.of(7, 15, 23, 31),
        vision.intValue("tokens_per_second", 4));
  }

  /**
   * By how much the time position grows from temporal patch to temporal patch. The seconds of a
   * patch count as a whole number, rounded down, as in {@code get_rope_index} of transformers
   * 5.12.1: from more than two frames a second on, all frames have one time.
   */
  int frameStep(double framesPerSecond) {
    return tokensPerSecond * (int) (common.temporalPatchSize() / framesPerSecond);
  }
}
