package org.vesalius.runtime.models.qwen3_vl;

import java.util.Arrays;
import java.util.List;
import org.vesalius.loader.ConfigNode;
import org.vesalius.runtime.vision.QwenVisionConfig;

/**
 * The sizes of the tower.
 *
 * @param common those that other towers have too
 * @param tableSide positions of a side of the learned table; a square of them is stored
 * @param deepLayers the blocks after which features are taken for the decoder's first layers
 */
record Qwen3VisionConfig(QwenVisionConfig common, int tableSide, List<Integer> deepLayers) {

  static Qwen3VisionConfig read(ConfigNode vision, int decoderWidth, int decoderLayers) {
    int output = vision.intValue("out_hidden_size", 3584);
    if (output != decoderWidth) {
      throw vision.error("out_hidden_size", "the decoder's width " + decoderWidth, "" + output);
    }
    QwenVisionConfig common =
        QwenVisionConfig.of(
            vision,
            vision.intValue("hidden_size", 1152),
            vision.intValue("intermediate_size", 4304),
            27,
            "gelu_pytorch_tanh",
            16,
            decoderWidth);
    int positions = vision.intValue("num_position_embeddings", 2304);
    int side = (int) Math.round(Math.sqrt(positions));
    if (side < 1 || side * side != positions) {
      throw vision.error("num_position_embeddings", "a square number", "" + positions);
    }
    String key = "deepstack_visual_indexes";
    List<Integer> deep =
        vision.has(key) ? Arrays.stream(vision.ints(key)).boxed().toList() : List.of(8, 16, 24);
    boolean ascending = deep.equals(deep.stream().sorted().distinct().toList());
    boolean inside = deep.stream().allMatch(i -> i >= 0 && i < common.depth());
    if (!ascending || !inside || deep.size() > decoderLayers) {
      throw vision.error(
          "deepstack_visual_indexes",
          "ascending blocks below "
              + common.depth()
              + ", no more than the decoder's "
              + decoderLayers
              + " layers",
          deep.toString());
    }
    return new Qwen3VisionConfig(common, side, deep);
  }
}
