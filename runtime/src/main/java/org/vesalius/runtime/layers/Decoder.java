package org.vesalius.runtime.layers;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * A causal transformer decoder: token embedding, blocks, final norm, output head. Prefill, a chunk
 * of a prefill and decoding of any number of sequences are the same forward.
 *
 * @param config its sizes
 * @param embedding {@code (vocabulary, width)}
 * @param embeddingScale factor on token embeddings; not on those of images
 * @param positions position embeddings; a layer's attention says which one it uses
 * @param blocks the layers
 * @param finalNorm before the head
 * @param head {@code (vocabulary, width)}; the embedding itself where weights are tied
 */
public record Decoder(
    DecoderConfig config,
    Weight embedding,
    float embeddingScale,
    List<PositionEmbedding> positions,
    List<DecoderBlock> blocks,
    RmsNorm finalNorm,
    Linear head) {

  /**
   * Whether the rotation of a token depends on how long its sequence is: then sequences of
   * different length cannot share a step.
   */
  public boolean rotatesByLength() {
    return positions.stream().anyMatch(position -> position.dynamic().isPresent());
  }

  /** Writes what depends on a step otherwise than by its tensors, before {@link #forward}. */
  public void prepare(Kernels kernels, Step step) {
    positions.forEach(position -> position.prepare(kernels, step));
  }

  /**
   * Runs a step that has been prepared and returns the logits of the rows that it asks for, {@code
   * (rows, vocabulary)}, valid until the next step with the same scratch.
   */
  public Tensor forward(
      Kernels kernels, Step step, DecoderScratch scratch, LayerObserver observer) {
    Tensor residual = scratch.residual().firstRows(step.tokens());
    Tensor normed = scratch.normed().firstRows(step.tokens());
    Tensor delta = scratch.delta().firstRows(step.tokens());

    embed(kernels, residual, step);
    observer.observe(kernels, "hidden.0", residual);
    for (int i = 0; i < positions.size(); i++) {
      positions.get(i).forward(kernels, scratch.rotation(i, step.tokens()), step);
    }
    blocks.getFirst().attentionNorm().forward(kernels, normed, residual);
    for (int layer = 0; layer < blocks.size(); layer++) {
      DecoderBlock block = blocks.get(layer);
      block.attention().forward(kernels, delta, normed, scratch, step, layer);
      normalise(kernels, delta, block.attentionPostNorm());
      block.mlpNorm().addThenForward(kernels, normed, residual, delta);
      block.mlp().forward(kernels, delta, normed, scratch.mlp());
      normalise(kernels, delta, block.mlpPostNorm());
      addDeepFeatures(kernels, delta, step, layer);
      normAfter(layer).addThenForward(kernels, normed, residual, delta);
      observer.observe(kernels, "hidden." + (layer + 1), residual);
    }
    observer.observe(kernels, "hidden.norm", normed);
    return logits(kernels, normed, step, scratch, observer);
  }

  private void embed(Kernels kernels, Tensor residual, Step step) {
    kernels.embed(residual, embedding, step.ids());
    if (embeddingScale != 1) {
      kernels.scale(residual, embeddingScale);
    }
    for (Step.Splice splice : step.splices()) {
      kernels.scatterRows(residual, splice.level(0, config.width()), splice.targets());
    }
  }

  private static void normalise(Kernels kernels, Tensor x, @Nullable RmsNorm norm) {
    if (norm != null) {
      norm.forward(kernels, x, x);
    }
  }

  /**
   * DeepStack (Meng et al. 2024): features of deeper tower layers join the stream after a layer.
   */
  private void addDeepFeatures(Kernels kernels, Tensor delta, Step step, int layer) {
    for (Step.Splice splice : step.splices()) {
      if (layer + 1 < splice.levels(config.width())) {
        kernels.addRows(delta, splice.level(layer + 1, config.width()), splice.targets());
      }
    }
  }

  private Tensor logits(
      Kernels kernels, Tensor normed, Step step, DecoderScratch scratch, LayerObserver observer) {
    Tensor last = scratch.last().firstRows(step.logitRows().columns());
    Tensor logits = scratch.logits().firstRows(step.logitRows().columns());
    if (last.rows() > 0) {
      kernels.gatherRows(last, normed, step.logitRows());
      head.forward(kernels, logits, last);
      observer.observe(kernels, "logits", logits);
    }
    return logits;
  }

  private RmsNorm normAfter(int layer) {
    return layer + 1 < blocks.size() ? blocks.get(layer + 1).attentionNorm() : finalNorm;
  }
}
