package org.vesalius.runtime.generate;

import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.SamplingRule;
import org.vesalius.kernels.Tensor;

/**
 * What steps draw tokens by where they compute: the parameters of the running step, and for each
 * request with penalties a row of the history. There are as many rows as were ever needed at once;
 * when they become more, requests write theirs again. One step at a time.
 */
final class StepSampling {
  private static final int FIRST_ROWS = 4;

  private final Kernels kernels;
  private final int vocabulary;
  private final Tensor parameters;
  private final int[] values;
  private final BitSet used = new BitSet();
  private Tensor history;

  /**
   * Nothing drawn yet.
   *
   * @param rows how many tokens a step draws at most
   */
  StepSampling(Kernels kernels, int vocabulary, int rows) {
    this.kernels = kernels;
    this.vocabulary = vocabulary;
    values = new int[Sampling.PARAMETERS * rows];
    parameters = kernels.allocate(ElementType.I32, Sampling.PARAMETERS, rows);
    history = kernels.allocate(ElementType.I32, 0, vocabulary);
  }

  /** A request's row of the history: none until it needs one, and given back by closing. */
  final class Row implements AutoCloseable {
    private int index = -1;

    /** How many rows the history had in which it has been written. */
    private int written;

    /** Gives it back. Idempotent. */
    @Override
    public void close() {
      synchronized (used) {
        if (index >= 0) {
          used.clear(index);
          index = -1;
          written = 0;
        }
      }
    }
  }

  /** No row yet. */
  Row newRow() {
    return new Row();
  }

  /**
   * Writes what the tokens of a step are drawn by. Rows of one request follow each other; who takes
   * their tokens says which random numbers are used ({@link Sampler#consumed}).
   *
   * @param draws of each row; null for the likeliest token
   * @return whether tensors are at another place than before, so that recorded steps are useless
   */
  boolean prepare(List<StepResult.@Nullable Draw> draws) {
    int rows = history.rows();
    for (StepResult.Draw draw : draws) {
      if (draw != null && draw.sampler().rule().hasPenalties() && draw.row().index < 0) {
        claim(draw.row());
      }
    }
    StepResult.@Nullable Draw before = null;
    int ahead = 0;
    for (int i = 0; i < draws.size(); i++) {
      StepResult.Draw draw = draws.get(i);
      ahead = Objects.equals(draw, before) ? ahead + 1 : 0;
      before = draw;
      if (draw == null) {
        Sampling.put(values, draws.size(), i, SamplingRule.greedy(), -1, 0);
      } else {
        Sampler sampler = draw.sampler();
        writeHistory(draw.row(), sampler);
        Sampling.put(
            values, draws.size(), i, sampler.rule(), draw.row().index, sampler.random(ahead));
      }
    }
    kernels.write(parameters(draws.size()), values);
    return history.rows() != rows;
  }

  /** Once, and again when the history has moved; steps keep it up to date. */
  private void writeHistory(Row row, Sampler sampler) {
    if (sampler.rule().hasPenalties() && row.written != history.rows()) {
      kernels.write(history.rows(row.index, 1), sampler.history());
      row.written = history.rows();
    }
  }

  private Tensor parameters(int rows) {
    return new Tensor(ElementType.I32, parameters.data(), Sampling.PARAMETERS, rows, rows);
  }

  private void claim(Row row) {
    synchronized (used) {
      row.index = used.nextClearBit(0);
      used.set(row.index);
    }
    if (row.index >= history.rows()) {
      int rows = Math.max(FIRST_ROWS, 2 * history.rows());
      history = kernels.allocate(ElementType.I32, rows, vocabulary);
    }
  }

  /** Draws the tokens of the running step, one for each row of logits. */
  void sample(Tensor tokens, Tensor logits) {
    kernels.sample(tokens, logits, new Sampling(parameters(logits.rows()), history));
  }
}
