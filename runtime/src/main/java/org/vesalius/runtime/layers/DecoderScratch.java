package org.vesalius.runtime.layers;

import java.util.List;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * The activations of a decoder step, allocated once for the largest step and named by role. All
 * {@code (tokens, ...)}.
 *
 * @param residual the stream that layers add to, {@code width}
 * @param normed input of a sublayer, {@code width}
 * @param delta output of a sublayer, {@code width}
 * @param queries {@code heads * headSize}
 * @param keys {@code kvHeads * headSize}
 * @param values {@code kvHeads * headSize}
 * @param mixed output of attention before its projection, {@code heads * headSize}
 * @param mlp inside feed-forward networks
 * @param rotations cosines and sines of each position embedding, {@code headSize / 2}
 * @param last the rows whose logits are wanted, {@code (sequences, width)}
 * @param logits {@code (sequences, vocabulary)}
 */
public record DecoderScratch(
    Tensor residual,
    Tensor normed,
    Tensor delta,
    Tensor queries,
    Tensor keys,
    Tensor values,
    Tensor mixed,
    MlpScratch mlp,
    List<PositionEmbedding.Rotation> rotations,
    Tensor last,
    Tensor logits) {

  /**
   * Allocates scratch for steps of up to {@code tokens} tokens that ask for up to {@code logitRows}
   * rows of logits.
   */
  private static DecoderScratch allocate(
      Kernels kernels, DecoderConfig config, int tokens, int logitRows) {
    return new DecoderScratch(
        kernels.allocate(ElementType.F32, tokens, config.width()),
        kernels.allocate(ElementType.F32, tokens, config.width()),
        kernels.allocate(ElementType.F32, tokens, config.width()),
        kernels.allocate(ElementType.F32, tokens, config.heads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.kvHeads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.kvHeads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.heads() * config.headSize()),
        MlpScratch.allocate(kernels, config, tokens),
        config.ropes().stream()
            .map(_ ->
                new PositionEmbedding.Rotation(
                    kernels.allocate(ElementType.F32, tokens, config.headSize() / 2),
                    kernels.allocate(ElementType.F32, tokens, config.headSize() / 2)))
            .toList(),
        kernels.allocate(ElementType.F32, logitRows, config.width()),
        kernels.allocate(ElementType.F32, logitRows, config.vocabulary()));
  }

  /**
   * The scratch of each of several stages; only the last one's has room for logits.
   *
   * @param tokens of a step at most
   * @param logitRows that a step asks for at most
   */
  public static List<DecoderScratch> allocate(Decoder decoder, int tokens, int logitRows) {
    DecoderConfig config = decoder.config();
    return decoder.stages().stream()
        .map(stage -> {
          boolean last = stage.place().end() == config.layers();
          return allocate(stage.kernels(), config, tokens, last ? logitRows : 0);
        })
        .toList();
  }

  /** The rotation of the first {@code tokens} tokens by a position embedding. */
  PositionEmbedding.Rotation rotation(int position, int tokens) {
    PositionEmbedding.Rotation all = rotations.get(position);
    return new PositionEmbedding.Rotation(all.cos().firstRows(tokens), all.sin().firstRows(tokens));
  }
}
