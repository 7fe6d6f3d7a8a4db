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
 * <p>Where its layers are split over devices, every stage has a {@link Step} and scratch of its
 * own. The last one of a step can compute while the first one has begun the next step.
 *
 * @param config its sizes
 * @param embedding {@code (vocabulary, width)}, on the first device
 * @param embeddingScale factor on token embeddings; not on those of images
 * @param stages the layers, by device
 * @param finalNorm before the head, on the last device
 * @param head {@code (vocabulary, width)}, on the last device; the embedding itself where weights
 *     are tied
 */
public record Decoder(
    DecoderConfig config,
    Weight embedding,
    float embeddingScale,
    List<DecoderStage> stages,
    RmsNorm finalNorm,
    Linear head) {

  /** All layers. */
  public List<DecoderBlock> blocks() {
    return stages.stream().flatMap(stage -> stage.blocks().stream()).toList();
  }

  /** What the last layers are computed by, and logits. */
  public Kernels last() {
    return stages.getLast().kernels();
  }

  /**
   * Whether the rotation of a token depends on how long its sequence is: then sequences of
   * different length cannot share a step.
   */
  public boolean rotatesByLength() {
    return stages.getFirst().positions().stream()
        .anyMatch(position -> position.dynamic().isPresent());
  }

  /**
   * Writes what depends on a step otherwise than by its tensors, before the stages run.
   *
   * @param steps the step, as each stage has it
   */
  public void prepare(List<Step> steps) {
    for (int s = 0; s < stages.size(); s++) {
      DecoderStage stage = stages.get(s);
      for (PositionEmbedding position : stage.positions()) {
        position.prepare(stage.kernels(), steps.get(s));
      }
    }
  }

  /**
   * Runs a step that has been prepared, stage after stage, and returns the logits of the rows that
   * it asks for, {@code (rows, vocabulary)}, on the last device, valid until the next step with the
   * same scratch.
   *
   * @param steps the step, as each stage has it
   * @param scratch of each stage
   */
  public Tensor forward(List<Step> steps, List<DecoderScratch> scratch, LayerObserver observer) {
    for (int s = 0; s < stages.size(); s++) {
      if (s > 0) {
        handOver(s, steps.get(s).tokens(), scratch);
      }
      forward(s, steps.get(s), scratch.get(s), observer);
    }
    return logits(steps.getLast(), scratch.getLast(), observer);
  }

  /** Brings what comes out of the stage before to a stage. */
  public void handOver(int stage, int tokens, List<DecoderScratch> scratch) {
    DecoderScratch from = scratch.get(stage - 1);
    DecoderScratch to = scratch.get(stage);
    Kernels sender = stages.get(stage - 1).kernels();
    Kernels receiver = stages.get(stage).kernels();
    // Not their sum: then a split model would add in another place than a whole one.
    receiver.receive(to.residual().firstRows(tokens), sender, from.residual().firstRows(tokens));
    receiver.receive(to.delta().firstRows(tokens), sender, from.delta().firstRows(tokens));
  }

  /**
   * Runs one stage, the first from the tokens, another from what was handed over. What comes out is
   * in the scratch: after the last one the normed states.
   */
  public void forward(int stage, Step step, DecoderScratch scratch, LayerObserver observer) {
    DecoderStage here = stages.get(stage);
    Kernels kernels = here.kernels();
    Tensor residual = scratch.residual().firstRows(step.tokens());
    Tensor normed = scratch.normed().firstRows(step.tokens());
    Tensor delta = scratch.delta().firstRows(step.tokens());

    int layer = here.place().first();
    RmsNorm firstNorm = here.blocks().getFirst().attentionNorm();
    if (stage == 0) {
      embed(kernels, residual, step);
      firstNorm.forward(kernels, normed, residual);
    } else {
      firstNorm.addThenForward(kernels, normed, residual, delta);
    }
    observer.observe(kernels, "hidden." + layer, residual);
    for (int i = 0; i < here.positions().size(); i++) {
      here.positions().get(i).forward(kernels, scratch.rotation(i, step.tokens()), step);
    }
    for (int i = 0; i < here.blocks().size(); i++, layer++) {
      DecoderBlock block = here.blocks().get(i);
      block.attention().forward(kernels, delta, normed, scratch, step, layer);
      normalise(kernels, delta, block.attentionPostNorm());
      block.mlpNorm().addThenForward(kernels, normed, residual, delta);
      block.mlp().forward(kernels, delta, normed, scratch.mlp());
      normalise(kernels, delta, block.mlpPostNorm());
      addDeepFeatures(kernels, delta, step, layer);
      RmsNorm next = normAfter(here, i);
      if (next != null) {
        next.addThenForward(kernels, normed, residual, delta);
        observer.observe(kernels, "hidden." + (layer + 1), residual);
      }
    }
    if (layer == config.layers()) {
      observer.observe(kernels, "hidden.norm", normed);
    }
  }

  private void embed(Kernels kernels, Tensor residual, Step step) {
    kernels.embed(residual, embedding, step.ids());
    if (embeddingScale != 1) {
      kernels.scale(residual, embeddingScale);
    }
    for (Step.Splice splice : step.splices()) {
      if (splice.levels(config.width()) - 1 > stages.getFirst().place().end()) {
        throw new IllegalStateException(
            "features of pictures join "
                + (splice.levels(config.width()) - 1)
                + " layers, and the first device has only "
                + stages.getFirst().place().end());
      }
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

  /**
   * The logits of the rows that a step asks for, {@code (rows, vocabulary)}, after its last stage.
   */
  public Tensor logits(Step step, DecoderScratch scratch, LayerObserver observer) {
    Tensor last = scratch.last().firstRows(step.logitRows().columns());
    Tensor logits = scratch.logits().firstRows(step.logitRows().columns());
    if (last.rows() > 0) {
      Tensor normed = scratch.normed().firstRows(step.tokens());
      last().gatherRows(last, normed, step.logitRows());
      head.forward(last(), logits, last);
      observer.observe(last(), "logits", logits);
    }
    return logits;
  }

  /** The norm of what comes after a layer on the same device. */
  private @Nullable RmsNorm normAfter(DecoderStage stage, int block) {
    if (block + 1 < stage.blocks().size()) {
      return stage.blocks().get(block + 1).attentionNorm();
    }
    return stage.place().end() == config.layers() ? finalNorm : null;
  }
}
