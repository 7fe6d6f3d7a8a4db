package org.vesalius.runtime.generate;

import java.util.BitSet;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Sampling;
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
  private final int[] values = new int[Sampling.PARAMETERS];
  private final BitSet used = new BitSet();
  private Tensor history;

  StepSampling(Kernels kernels, int vocabulary) {
    this.kernels = kernels;
    this.vocabulary = vocabulary;
    parameters = kernels.allocate(ElementType.I32, Sampling.PARAMETERS, 1);
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
   * Writes what the next token of a request is drawn by.
   *
   * @return whether tensors are at another place than before, so that recorded steps are useless
   */
  boolean prepare(StepResult.Draw draw) {
    int before = history.rows();
    Sampler sampler = draw.sampler();
    Row row = draw.row();
    if (sampler.rule().hasPenalties()) {
      if (row.index < 0) {
        claim(row);
      }
      if (row.written != history.rows()) {
        kernels.write(history.rows(row.index, 1), sampler.history());
        row.written = history.rows();
      }
    }
    Sampling.put(values, 1, 0, sampler.rule(), row.index, sampler.nextRandom());
    kernels.write(parameters, values);
    return history.rows() != before;
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

  /** Draws the token of the running step. */
  void sample(Tensor token, Tensor logits) {
    kernels.sample(token, logits, new Sampling(parameters, history));
  }
}
