package org.vesalius.bench;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The sizes of the decoder of a published model, by its {@code config.json}.
 *
 * @param name of the model
 * @param layers number of blocks
 * @param width of the residual stream
 * @param innerWidth of the feed-forward network
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headSize width of a head
 * @param vocabulary rows of the embedding
 */
record DecoderShape(
    String name,
    int layers,
    int width,
    int innerWidth,
    int heads,
    int kvHeads,
    int headSize,
    int vocabulary) {

  private static final List<DecoderShape> ALL =
      List.of(
          new DecoderShape("tiny", 2, 256, 512, 4, 2, 64, 1024),
          new DecoderShape("qwen2.5-0.5b", 24, 896, 4864, 14, 2, 64, 151936),
          new DecoderShape("qwen2.5-vl-3b", 36, 2048, 11008, 16, 2, 128, 151936),
          new DecoderShape("qwen2.5-vl-7b", 28, 3584, 18944, 28, 4, 128, 152064),
          new DecoderShape("gemma-3-4b", 34, 2560, 10240, 8, 4, 256, 262208));

  /**
   * The sizes of a model.
   *
   * @throws IllegalArgumentException if none has this name
   */
  static DecoderShape named(String name) {
    return ALL.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "model: expected one of "
                    + ALL.stream().map(DecoderShape::name).collect(Collectors.joining(", "))
                    + ", found "
                    + name));
  }

  int queryWidth() {
    return heads * headSize;
  }

  int keyWidth() {
    return kvHeads * headSize;
  }
}
