package org.vesalius.kernels.reference;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/**
 * Attention by its definition: a softmax over the scores of all keys that a query sees, then the
 * sum of their values with these shares, all in double.
 *
 * <p>A key or value is read once for a block of queries and all heads that share it; every sum
 * still goes over its own terms in their order.
 */
final class ReferenceAttention {
  private static final int BLOCK = 16;

  private final Tensor out;
  private final Tensor q;
  private final KeyValues keyValues;
  private final Tensor starts;
  private final AttentionShape shape;
  private final @Nullable Tensor groups;

  ReferenceAttention(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    this.out = out;
    this.q = q;
    this.keyValues = keyValues;
    this.starts = starts;
    this.shape = shape;
    this.groups = groups;
  }

  void compute(WorkerPool pool) {
    for (int s = 0; s + 1 < starts.columns(); s++) {
      int sequence = s;
      int start = Contents.integer(starts, 0, s);
      int queries = Contents.integer(starts, 0, s + 1) - start;
      int blocks = Math.ceilDiv(queries, BLOCK);
      pool.run(
          blocks * shape.kvHeads(),
          1,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              int first = i / shape.kvHeads() * BLOCK;
              new Block(sequence, first, Math.min(queries, first + BLOCK), i % shape.kvHeads())
                  .compute();
            }
          });
    }
  }

  /** Queries of a sequence and one head of keys and values. */
  private final class Block {
    private final int sequence;
    private final int start;
    private final int head;
    private final int[] first;
    private final int[] last;

    /** For every query and head of the group: its elements, then its scores, then its sums. */
    private final double[][] elements;

    private final double[][] scores;
    private final double[][] sums;
    private final double[] cached = new double[shape.headSize()];
    private final int row;

    Block(int sequence, int from, int to, int head) {
      this.sequence = sequence;
      this.head = head;
      start = Contents.integer(starts, 0, sequence);
      row = start + from;
      int queries = Contents.integer(starts, 0, sequence + 1) - start;
      int length =
          keyValues instanceof KeyValues.Paged paged
              ? Contents.integer(paged.lengths(), 0, sequence)
              : queries;
      first = new int[to - from];
      last = new int[to - from];
      elements = new double[(to - from) * shape.group()][shape.headSize()];
      scores = new double[elements.length][];
      sums = new double[elements.length][shape.headSize()];
      for (int i = 0; i < first.length; i++) {
        see(i, shape.causal() ? length - queries + from + i : length - 1);
      }
    }

    /** What the query sees whose own key, or the sequence's last, is the given one. */
    private void see(int i, int own) {
      last[i] = own;
      first[i] = shape.window() == 0 ? 0 : Math.max(0, own + 1 - shape.window());
      if (groups != null) {
        first[i] = Math.min(first[i], Contents.integer(groups, 0, row + i));
        last[i] = Math.max(last[i], Contents.integer(groups, 1, row + i) - 1);
      }
      for (int h = 0; h < shape.group(); h++) {
        int one = i * shape.group() + h;
        scores[one] = new double[last[i] - first[i] + 1];
        ReferenceKernels.get(elements[one], q, row + i, column(h));
      }
    }

    /** Where a head of the group begins in a row. */
    private int column(int h) {
      return (head * shape.group() + h) * shape.headSize();
    }

    void compute() {
      int begin = Arrays.stream(first).min().orElseThrow();
      int end = Arrays.stream(last).max().orElseThrow() + 1;
      for (int j = begin; j < end; j++) {
        load(true, j);
        for (int one = 0; one < scores.length; one++) {
          score(one, j);
        }
      }
      for (double[] row : scores) {
        softmax(row);
      }
      for (int j = begin; j < end; j++) {
        load(false, j);
        for (int one = 0; one < scores.length; one++) {
          add(one, j);
        }
      }
      for (int one = 0; one < sums.length; one++) {
        for (int c = 0; c < cached.length; c++) {
          ReferenceKernels.set(
              out, row + one / shape.group(), column(one % shape.group()) + c, sums[one][c]);
        }
      }
    }

    private boolean sees(int one, int j) {
      int i = one / shape.group();
      return first[i] <= j && j <= last[i];
    }

    private void score(int one, int j) {
      if (sees(one, j)) {
        scores[one][j - first[one / shape.group()]] =
            ReferenceKernels.dot(elements[one], cached) * shape.scale();
      }
    }

    private void add(int one, int j) {
      if (sees(one, j)) {
        double share = scores[one][j - first[one / shape.group()]];
        double[] sum = sums[one];
        for (int c = 0; c < cached.length; c++) {
          sum[c] += share * cached[c];
        }
      }
    }

    private void load(boolean key, int token) {
      switch (keyValues) {
        case KeyValues.Ragged(Tensor keys, Tensor values) ->
            ReferenceKernels.get(cached, key ? keys : values, start + token, head * cached.length);
        case KeyValues.Paged paged -> {
          CachedRows rows = key ? CachedRows.keys(paged) : CachedRows.values(paged);
          rows.load(cached, rows.slot(sequence, token), head);
        }
      }
    }
  }

  private static void softmax(double[] scores) {
    double max = Arrays.stream(scores).max().orElseThrow();
    double total = 0;
    for (int j = 0; j < scores.length; j++) {
      scores[j] = Math.exp(scores[j] - max);
      total += scores[j];
    }
    for (int j = 0; j < scores.length; j++) {
      scores[j] /= total;
    }
  }
}
