package org.vesalius.kernels.simd;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;

/**
 * {@code out = x * weightᵀ + bias}, for one weight or for one weight for each group of rows.
 *
 * <p>Rows that share a weight become batches, and the pieces of all batches one loop over the
 * threads: eight experts with a row each are as much work as one weight, and are split as well.
 */
final class MatrixProduct {
  /** Tokens that share one pass over the weight; a multiple of {@link DotTiles#TOKENS}. */
  private static final int TOKENS = 128;

  /** Packed numbers at which a loop starts; a single batch may have more. */
  private static final int PACKED = 1 << 21;

  /** Rows that a thread packs at a time. */
  private static final int PACKED_ROWS = 16;

  /** Pieces for each thread, since threads of a shared machine are not equally fast. */
  private static final int PIECES = 2;

  /** Multiply-adds that are not worth a second thread. */
  private static final long SMALL = 1 << 15;

  private final WorkerPool pool;
  private final BatchProduct rowStream;
  private final BatchProduct rowPanels;
  private final BatchProduct columnStream;
  private final BatchProduct columnPanels;
  private final BatchProduct integerStream;
  private final BatchProduct integerPanels;
  private final Scratch activations = new Scratch();
  private final List<BatchProduct.Batch> batches = new ArrayList<>();

  /** The first packed row of each batch, and the end of the last. */
  private int[] firstRow = new int[2];

  /** The first piece of each batch, and the end of the last. */
  private int[] firstPiece = new int[2];

  private int packedSize;
  private long work;

  MatrixProduct(WorkerPool pool) {
    this.pool = pool;
    rowStream = new RowStream(pool.threads());
    rowPanels = new RowPanels(pool.threads());
    columnStream = new ColumnStream(pool.threads());
    columnPanels = new ColumnPanels(pool.threads());
    integerStream = new IntegerStream(pool.threads());
    integerPanels = new IntegerPanels(pool.threads());
  }

  void multiply(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    for (int first = 0; first < x.rows(); first += TOKENS) {
      begin();
      plan(weight, first, Math.min(TOKENS, x.rows() - first));
      run(out, x, bias);
    }
  }

  /** Rows {@code starts[e]} to {@code starts[e + 1]} by weight {@code e}. */
  void multiplyGroups(Tensor out, Tensor x, List<Weight> weights, Tensor starts) {
    begin();
    for (int e = 0; e < weights.size(); e++) {
      int end = Contents.integer(starts, 0, e + 1);
      for (int first = Contents.integer(starts, 0, e); first < end; first += TOKENS) {
        plan(weights.get(e), first, Math.min(TOKENS, end - first));
        if (packedSize >= PACKED) {
          run(out, x, null);
          begin();
        }
      }
    }
    run(out, x, null);
  }

  private BatchProduct way(Weight weight, int count) {
    return switch (weight) {
      case Weight.F32 _, Weight.BF16 _ -> count == 1 ? rowStream : rowPanels;
      // Converting costs more than a loop can hide, so the panel has it once per row.
      case Weight.F16 _ -> rowPanels;
      case Weight.Int8 _, Weight.Int4 _ -> count == 1 ? integerStream : integerPanels;
      case Weight.Fp8 _ ->
          throw new IllegalArgumentException("simd: take weights of FP8 from Kernels.place");
      case Weight.Transposed(Weight stored) ->
          count == 1 && !(stored instanceof Weight.F16) ? columnStream : columnPanels;
    };
  }

  private void begin() {
    batches.clear();
    packedSize = 0;
    work = 0;
  }

  private void plan(Weight weight, int row, int count) {
    BatchProduct way = way(weight, count);
    BatchProduct.Batch batch = new BatchProduct.Batch(way, weight, row, count, packedSize);
    batches.add(batch);
    int n = batches.size();
    if (firstRow.length <= n) {
      firstRow = Arrays.copyOf(firstRow, 2 * n);
      firstPiece = Arrays.copyOf(firstPiece, 2 * n);
    }
    firstRow[n] = firstRow[n - 1] + batch.tokens();
    int width = way.width(weight);
    packedSize = Math.addExact(packedSize, Math.multiplyExact(batch.tokens(), width));
    work += (long) weight.rows() * width * batch.tokens();
  }

  private void run(Tensor out, Tensor x, @Nullable Tensor bias) {
    int n = batches.size();
    float[] packed = activations.floats(packedSize);
    pool.run(
        firstRow[n],
        PACKED_ROWS,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            int b = batchOf(firstRow, i);
            BatchProduct.Batch batch = batches.get(b);
            batch.way().pack(packed, batch, x, i - firstRow[b]);
          }
        });
    int perBatch = n == 0 ? 1 : (PIECES * pool.threads() + n - 1) / n;
    for (int b = 0; b < n; b++) {
      BatchProduct.Batch batch = batches.get(b);
      int outputs = batch.way().outputs(batch, perBatch);
      firstPiece[b + 1] = firstPiece[b] + (batch.weight().rows() + outputs - 1) / outputs;
    }
    int pieces = firstPiece[n];
    pool.run(
        pieces,
        work < SMALL ? pieces : 1,
        (thread, from, to) -> {
          for (int i = from; i < to; i++) {
            int b = batchOf(firstPiece, i);
            BatchProduct.Batch batch = batches.get(b);
            int outputs = batch.way().outputs(batch, perBatch);
            int first = (i - firstPiece[b]) * outputs;
            int end = Math.min(batch.weight().rows(), first + outputs);
            batch.way().multiply(out, batch, bias, first, end, packed, thread);
          }
        });
  }

  /** The batch that item {@code i} belongs to. */
  private int batchOf(int[] first, int i) {
    int found = Arrays.binarySearch(first, 0, batches.size(), i);
    return found >= 0 ? found : -found - 2;
  }

  /** Stores one result. */
  static void put(Tensor out, int token, int row, float sum, @Nullable Tensor bias) {
    float value = bias == null ? sum : sum + bias.data().get(ValueLayout.JAVA_FLOAT, 4L * row);
    out.data().set(ValueLayout.JAVA_FLOAT, 4 * ((long) token * out.stride() + row), value);
  }
}
