package org.vesalius.bench;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A linear layer of a published model, by its {@code config.json}. Layers of one shape are listed
 * once.
 *
 * @param model whose it is
 * @param layer its name in the checkpoint
 * @param rows outputs
 * @param columns inputs
 */
record LinearShape(String model, String layer, int rows, int columns) {
  private static final Pattern SIZES = Pattern.compile("([1-9]\\d{0,6})x([1-9]\\d{0,6})");

  /** All layers of the models that figures are published for. */
  static final List<LinearShape> ALL =
      List.of(
          new LinearShape("qwen2.5-vl-3b", "q_proj,o_proj", 2048, 2048),
          new LinearShape("qwen2.5-vl-3b", "k_proj,v_proj", 256, 2048),
          new LinearShape("qwen2.5-vl-3b", "gate_proj,up_proj", 11008, 2048),
          new LinearShape("qwen2.5-vl-3b", "down_proj", 2048, 11008),
          new LinearShape("qwen2.5-vl-3b", "lm_head", 151936, 2048),
          new LinearShape("qwen2.5-vl-7b", "q_proj,o_proj", 3584, 3584),
          new LinearShape("qwen2.5-vl-7b", "k_proj,v_proj", 512, 3584),
          new LinearShape("qwen2.5-vl-7b", "gate_proj,up_proj", 18944, 3584),
          new LinearShape("qwen2.5-vl-7b", "down_proj", 3584, 18944),
          new LinearShape("qwen2.5-vl-7b", "lm_head", 152064, 3584),
          new LinearShape("qwen2.5-vl-vision", "patch_embed", 1280, 1176),
          new LinearShape("qwen2.5-vl-vision", "qkv", 3840, 1280),
          new LinearShape("qwen2.5-vl-vision", "proj", 1280, 1280),
          new LinearShape("qwen2.5-vl-vision", "gate_proj,up_proj", 3420, 1280),
          new LinearShape("qwen2.5-vl-vision", "down_proj", 1280, 3420),
          new LinearShape("qwen2.5-vl-vision", "merger.0", 5120, 5120),
          new LinearShape("qwen2.5-vl-vision", "merger.2", 2048, 5120),
          new LinearShape("gemma-3-4b", "q_proj", 2048, 2560),
          new LinearShape("gemma-3-4b", "k_proj,v_proj", 1024, 2560),
          new LinearShape("gemma-3-4b", "o_proj", 2560, 2048),
          new LinearShape("gemma-3-4b", "gate_proj,up_proj", 10240, 2560),
          new LinearShape("gemma-3-4b", "down_proj", 2560, 10240),
          new LinearShape("gemma-3-4b", "lm_head", 262208, 2560));

  /** The names of the models. */
  static List<String> models() {
    return ALL.stream().map(LinearShape::model).distinct().toList();
  }

  /**
   * The shapes that a name stands for: a model, or sizes such as {@code 11008x2048}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static List<LinearShape> named(String name) {
    Matcher sizes = SIZES.matcher(name);
    if (sizes.matches()) {
      int rows = Integer.parseInt(sizes.group(1));
      int columns = Integer.parseInt(sizes.group(2));
      return List.of(
          ALL.stream()
              .filter(shape -> shape.rows == rows && shape.columns == columns)
              .findFirst()
              .orElse(new LinearShape("", "", rows, columns)));
    }
    List<LinearShape> ofModel = ALL.stream().filter(shape -> shape.model.equals(name)).toList();
    if (ofModel.isEmpty()) {
      throw new IllegalArgumentException(
          "shape: expected ROWSxCOLUMNS or one of "
              + models().stream().collect(Collectors.joining(", "))
              + ", found "
              + name);
    }
    return ofModel;
  }

  @Override
  public String toString() {
    return rows + "x" + columns;
  }
}
