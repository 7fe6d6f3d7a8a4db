package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderScratch;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.Step;
import org.vesalius.runtime.layers.StepBuffers;

/**
 * Runs steps of a decoder: tokens of several sequences go through it together, and each gets what
 * it wants to know. One step at a time.
 */
final class StepRunner implements AutoCloseable {
  /** Of the last layers, where results are. */
  private final Kernels kernels;

  private final Decoder decoder;
  private final StepBuffers buffers;

  /** Of each stage. */
  private final List<DecoderScratch> scratch;

  private final Tensor tokens;
  private final int[] chosen;
  private final StepSampling sampling;
  private final DecodeRecordings recordings;

  /**
   * Allocates what steps need.
   *
   * @param rows of how many tokens of a step logits may be wanted
   */
  StepRunner(Decoder decoder, StepBuffers buffers, int rows) {
    kernels = decoder.last();
    this.decoder = decoder;
    this.buffers = buffers;
    scratch = DecoderScratch.allocate(decoder, buffers.tokens(), rows);
    tokens = kernels.allocate(ElementType.I32, 1, rows);
    chosen = new int[rows];
    sampling = new StepSampling(kernels, decoder.config().vocabulary(), rows);
    recordings = new DecodeRecordings(decoder.stages());
  }

  /**
   * What a request puts into a step.
   *
   * @param tokens the next ones of its sequence, which has been extended by them
   * @param result takes what is wanted after the last of them
   */
  record Part(StepBuffers.Part tokens, StepResult result) {
    private int rows() {
      return tokens.wanted().length;
    }
  }

  StepSampling.Row newHistory() {
    return sampling.newRow();
  }

  /** Runs a step, and waits for what the parts want. */
  void run(List<Part> parts, LayerObserver observer) {
    // Rows of logits come in the order of the parts: first those that become a token where they
    // are.
    List<Part> ordered = new ArrayList<>(parts.stream().filter(p -> p.result.isToken()).toList());
    int tokenParts = ordered.size();
    parts.stream().filter(part -> !part.result.isToken()).forEach(ordered::add);
    List<Step> steps = buffers.step(ordered.stream().map(Part::tokens).toList());
    decoder.prepare(steps);

    List<StepResult.@Nullable Draw> draws = new ArrayList<>();
    for (Part part : ordered.subList(0, tokenParts)) {
      for (int row = 0; row < part.rows(); row++) {
        draws.add(part.result.draw());
      }
    }
    boolean drawn = draws.stream().anyMatch(draw -> draw != null);
    if (drawn && sampling.prepare(draws)) {
      recordings.close();
    }
    int choices = draws.size();
    List<Runnable> stages = new ArrayList<>();
    for (int stage = 0; stage < steps.size(); stage++) {
      int here = stage;
      stages.add(() -> compute(here, steps.get(here), choices, drawn, observer));
    }
    // Only generated tokens come again and again in the same shapes; who observes wants to look
    // into the middle of a step.
    if (observer == LayerObserver.NONE && parts.stream().allMatch(p -> p.tokens.isGenerated())) {
      Step last = steps.getLast();
      var results =
          new DecodeRecordings.Results(
              drawn ? 0 : choices, drawn ? choices : 0, last.logitRows().columns());
      stages = recordings.of(last, results, stages);
    }
    for (int stage = 0; stage < stages.size(); stage++) {
      if (stage > 0) {
        decoder.handOver(stage, steps.get(stage).tokens(), scratch);
      }
      stages.get(stage).run();
    }
    deliver(ordered, tokenParts, choices);
  }

  private void compute(int stage, Step step, int choices, boolean drawn, LayerObserver observer) {
    decoder.forward(stage, step, scratch.get(stage), observer);
    if (stage < scratch.size() - 1) {
      return;
    }
    Tensor logits = decoder.logits(step, scratch.get(stage), observer);
    if (drawn) {
      sampling.sample(tokens.columns(0, choices), logits.firstRows(choices));
    } else if (choices > 0) {
      kernels.argmax(tokens.columns(0, choices), logits.firstRows(choices));
    }
  }

  private void deliver(List<Part> ordered, int tokenParts, int choices) {
    if (choices > 0) {
      kernels.read(chosen, tokens.columns(0, choices));
    }
    int row = 0;
    int first = 0;
    for (int i = 0; i < ordered.size(); i++) {
      StepResult result = ordered.get(i).result;
      int rows = ordered.get(i).rows();
      int count = ordered.get(i).tokens().ids().length;
      if (i < tokenParts) {
        result.takeTokens(chosen, row, rows);
      } else if (result.hidden() != null) {
        deliver(result.hidden(), scratch.getLast().normed().rows(first, count));
      } else {
        for (int r = 0; r < rows; r++) {
          kernels.read(result.logits(r), scratch.getLast().logits().rows(row + r, 1));
        }
      }
      row += rows;
      first += count;
    }
  }

  private void deliver(StepResult.Hidden hidden, Tensor states) {
    int from = hidden.lastOnly() ? states.rows() - 1 : 0;
    Tensor wanted = states.rows(from, states.rows() - from);
    float[] values = new float[wanted.rows() * wanted.columns()];
    kernels.read(values, wanted);
    hidden.sink().accept(values);
  }

  @Override
  public void close() {
    recordings.close();
  }
}
