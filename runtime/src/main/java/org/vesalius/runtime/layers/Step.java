package org.vesalius.runtime.layers;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * What one forward pass of a decoder works on: a ragged batch of tokens of one or many sequences,
 * laid end to end.
 *
 * @param ids {@code (1, tokens)} I32 token ids; at image tokens any valid id
 * @param positions {@code (axes, tokens)} I32
 * @param slots {@code (1, tokens)} I32 place of each token in the cache
 * @param starts {@code (1, sequences + 1)} I32 first token of each sequence, and the number of
 *     tokens
 * @param layers where each layer keeps its keys and values, page table and lengths included
 * @param logitRows {@code (1, rows)} I32: the tokens whose logits are wanted
 * @param splices embeddings that take the place of token embeddings, one for each picture that has
 *     a part in the step
 * @param groups {@code (2, tokens)} I32 tokens that see each other in both directions, as {@code
 *     Kernels.attention} takes them, or null
 * @param sequenceLength tokens of the prompt, or of the sequence once it is longer; of several
 *     sequences the largest number
 */
public record Step(
    Tensor ids,
    Tensor positions,
    Tensor slots,
    Tensor starts,
    List<KeyValues.Paged> layers,
    Tensor logitRows,
    List<Splice> splices,
    @Nullable Tensor groups,
    int sequenceLength) {

  /**
   * Image embeddings to put into the decoder's input.
   *
   * @param rows {@code (n, levels * width)}: in the first columns what replaces the token
   *     embeddings, in the next ones what is added after the first layer, and so on
   * @param targets {@code (1, n)} I32: the token of the step that each row replaces
   */
  public record Splice(Tensor rows, Tensor targets) {

    /** How many levels there are for a decoder of this width. */
    int levels(int width) {
      return rows.columns() / width;
    }

    /** The embeddings of one level, {@code (n, width)}. */
    Tensor level(int level, int width) {
      return rows.columns(level * width, width);
    }
  }

  /** Number of tokens of the batch. */
  public int tokens() {
    return ids.columns();
  }

  /** The cache of a layer. */
  public KeyValues.Paged cache(int layer) {
    return layers.get(layer);
  }
}
