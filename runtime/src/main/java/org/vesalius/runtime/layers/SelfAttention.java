package org.vesalius.runtime.layers;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Causal self-attention of a decoder with grouped queries, rotary positions and a paged cache.
 *
 * @param query {@code (heads * headSize, width)}
 * @param key {@code (kvHeads * headSize, width)}
 * @param value {@code (kvHeads * headSize, width)}
 * @param output {@code (width, heads * headSize)}
 * @param queryNorm norm over each query head, or null (Qwen3 has it)
 * @param keyNorm norm over each key head, or null
 * @param shape heads, scale and mask
 * @param position which of the decoder's position embeddings rotates queries and keys
 */
public record SelfAttention(
    Linear query,
    Linear key,
    Linear value,
    Linear output,
    @Nullable RmsNorm queryNorm,
    @Nullable RmsNorm keyNorm,
    AttentionShape shape,
    int position) {

  /**
   * Computes {@code out (tokens, width)} from {@code x} and adds its keys and values to the cache.
   */
  public void forward(
      Kernels kernels, Tensor out, Tensor x, DecoderScratch scratch, Step step, int layer) {
    Tensor q = scratch.queries().firstRows(x.rows());
    Tensor k = scratch.keys().firstRows(x.rows());
    Tensor v = scratch.values().firstRows(x.rows());
    Tensor mixed = scratch.mixed().firstRows(x.rows());
    query.forward(kernels, q, x);
    key.forward(kernels, k, x);
    value.forward(kernels, v, x);
    var cache = step.cache(layer);
    var rotation = scratch.rotation(position, x.rows());
    kernels.rotateAndCache(
        q,
        k,
        v,
        queryNorm == null ? null : queryNorm.gain(),
        keyNorm == null ? null : keyNorm.gain(),
        queryNorm == null ? 0 : queryNorm.epsilon(),
        rotation.cos(),
        rotation.sin(),
        cache,
        step.slots());
    kernels.attention(mixed, q, cache, step.starts(), shape, step.groups());
    output.forward(kernels, out, mixed);
  }
}
