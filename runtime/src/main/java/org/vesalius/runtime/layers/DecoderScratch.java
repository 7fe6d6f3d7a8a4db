package org.vesalius.runtime.layers;

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
 * @param gated {@code inner}
 * @param raised {@code inner}
 * @param cos {@code headSize / 2}
 * @param sin {@code headSize / 2}
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
    Tensor gated,
    Tensor raised,
    Tensor cos,
    Tensor sin,
    Tensor last,
    Tensor logits) {

  /**
   * Allocates scratch for steps of up to {@code tokens} tokens that ask for up to {@code logitRows}
   * rows of logits.
   */
  public static DecoderScratch allocate(
      Kernels kernels, DecoderConfig config, int tokens, int logitRows) {
    return new DecoderScratch(
        kernels.allocate(ElementType.F32, tokens, config.width()),
        kernels.allocate(ElementType.F32, tokens, config.width()),
        kernels.allocate(ElementType.F32, tokens, config.width()),
        kernels.allocate(ElementType.F32, tokens, config.heads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.kvHeads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.kvHeads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.heads() * config.headSize()),
        kernels.allocate(ElementType.F32, tokens, config.innerWidth()),
        kernels.allocate(ElementType.F32, tokens, config.innerWidth()),
        kernels.allocate(ElementType.F32, tokens, config.headSize() / 2),
        kernels.allocate(ElementType.F32, tokens, config.headSize() / 2),
        kernels.allocate(ElementType.F32, logitRows, config.width()),
        kernels.allocate(ElementType.F32, logitRows, config.vocabulary()));
  }
}
