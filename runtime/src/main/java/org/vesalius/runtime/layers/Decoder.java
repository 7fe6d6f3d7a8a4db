package org.vesalius.runtime.layers;

import java.util.List;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Rotary;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * A causal transformer decoder: token embedding, blocks, final norm, output head. Prefill, a chunk
 * of a prefill and decoding of any number of sequences are the same forward.
 *
 * @param config its sizes
 * @param embedding {@code (vocabulary, width)}
 * @param rotary position embedding, shared by all layers
 * @param blocks the layers
 * @param finalNorm before the head
 * @param head {@code (vocabulary, width)}; the embedding itself where weights are tied
 */
public record Decoder(
    DecoderConfig config,
    Weight embedding,
    Rotary rotary,
    List<DecoderBlock> blocks,
    RmsNorm finalNorm,
    Linear head) {

  /**
   * Runs a step and returns the logits of the rows that it asks for, {@code (rows, vocabulary)},
   * valid until the next step with the same scratch.
   */
  public Tensor forward(
      Kernels kernels, Step step, DecoderScratch scratch, LayerObserver observer) {
    int tokens = step.tokens();
    Tensor residual = scratch.residual().firstRows(tokens);
    Tensor normed = scratch.normed().firstRows(tokens);
    Tensor delta = scratch.delta().firstRows(tokens);

    kernels.embed(residual, embedding, step.ids());
    if (step.splice() != null) {
      kernels.scatterRows(residual, step.splice().rows(), step.splice().targets());
    }
    observer.observe("hidden.0", residual);
    kernels.rotaryTable(
        scratch.cos().firstRows(tokens), scratch.sin().firstRows(tokens), step.positions(), rotary);
    blocks.getFirst().attentionNorm().forward(kernels, normed, residual);
    for (int layer = 0; layer < blocks.size(); layer++) {
      DecoderBlock block = blocks.get(layer);
      block.attention().forward(kernels, delta, normed, scratch, step, layer);
      block.mlpNorm().addThenForward(kernels, normed, residual, delta);
      block
          .mlp()
          .forward(
              kernels,
              delta,
              normed,
              scratch.gated().firstRows(tokens),
              scratch.raised().firstRows(tokens));
      normAfter(layer).addThenForward(kernels, normed, residual, delta);
      observer.observe("hidden." + (layer + 1), residual);
    }
    observer.observe("hidden.norm", normed);

    Tensor last = scratch.last().firstRows(step.logitRows().columns());
    Tensor logits = scratch.logits().firstRows(step.logitRows().columns());
    if (last.rows() > 0) {
      kernels.gatherRows(last, normed, step.logitRows());
      head.forward(kernels, logits, last);
      observer.observe("logits", logits);
    }
    return logits;
  }

  private RmsNorm normAfter(int layer) {
    return layer + 1 < blocks.size() ? blocks.get(layer + 1).attentionNorm() : finalNorm;
  }
}
