package org.vesalius.nativekernels;

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
 * <p>Rows that share a weight become batches, as many as their prepared activations have room for,
 * and the pieces of all batches are one loop over the threads: eight experts with a row each are as
 * much work as one weight, and are split as well.
 */
final class NativeProduct implements AutoCloseable {
  /** Bytes of prepared activations at which a loop starts: about what caches hold. */
  private static final long PREPARED = 16L << 20;

  /** Tokens that may be prepared together even where that takes more bytes. */
  private static final int TOKENS = 64;

  /**
   * Pieces for each thread, since threads of a shared machine are not equally fast. They are taken
   * several at a time: few threads read a weight the faster the longer the runs are that they read.
   */
  private static final int PIECES = 16;

  /** Multiply-adds, or numbers to prepare, that are not worth a second thread. */
  private static final long SMALL = 1 << 16;

  private final WorkerPool pool;
  private final WeightStructs weights = new WeightStructs();
  private final NativeBuffer prepared = new NativeBuffer();
  private final ThreadScratch scratch;
  private final WorkerPool.NumberedRange preparing = this::prepare;
  private final WorkerPool.NumberedRange multiplying = this::multiply;

  // The call that is being computed.
  private long out;
  private long outStride;
  private long x;
  private long xStride;
  private long bias;
  private long preparedAddress;

  // Its batches: a weight, the first row, rows, where they are prepared, and the first unit of
  // preparing and the first piece, with the ends of the last behind.
  private int batches;
  private int[] weight = new int[1];
  private int[] row = new int[1];
  private int[] count = new int[1];
  private long[] preparedAt = new long[1];
  private int[] firstUnit = new int[2];
  private int[] firstPiece = new int[2];
  private int[] unitTokens = new int[1];
  private int[] pieceRows = new int[1];
  private int[] rows = new int[1];
  private long[] work = new long[1];
  private long preparedBytes;
  private long preparedNumbers;
  private long allWork;

  NativeProduct(WorkerPool pool) {
    this.pool = pool;
    scratch = new ThreadScratch(pool.threads());
  }

  void multiply(Tensor out, Tensor x, Weight weight, @Nullable Tensor bias) {
    begin(out, x, bias);
    weights.require(1);
    weights.write(0, weight);
    scratch.require(NativeLibrary.productScratch(weights.address(0)));
    plan(0, weight, 0, x.rows());
    run();
  }

  /** Rows {@code starts[e]} to {@code starts[e + 1]} by weight {@code e}. */
  void multiplyGroups(Tensor out, Tensor x, List<Weight> experts, Tensor starts) {
    begin(out, x, null);
    weights.require(experts.size());
    long bytes = 0;
    for (int e = 0; e < experts.size(); e++) {
      if (Contents.integer(starts, 0, e) < Contents.integer(starts, 0, e + 1)) {
        weights.write(e, experts.get(e));
        bytes = Math.max(bytes, NativeLibrary.productScratch(weights.address(e)));
      }
    }
    scratch.require(bytes);
    for (int e = 0; e < experts.size(); e++) {
      plan(e, experts.get(e), Contents.integer(starts, 0, e), Contents.integer(starts, 0, e + 1));
    }
    run();
  }

  private void begin(Tensor out, Tensor x, @Nullable Tensor bias) {
    this.out = Addresses.of(out);
    this.outStride = out.stride();
    this.x = Addresses.of(x);
    this.xStride = x.stride();
    this.bias = Addresses.of(bias);
    clear();
  }

  private void clear() {
    batches = 0;
    preparedBytes = 0;
    preparedNumbers = 0;
    allWork = 0;
  }

  /** Adds the rows {@code from} to {@code to}, and computes what has been added if that is much. */
  private void plan(int index, Weight stored, int from, int to) {
    if (from == to || stored.rows() == 0) {
      return;
    }
    long address = weights.address(index);
    int grain = (int) Math.max(1, NativeLibrary.prepareGrain(address));
    int most = tokens(address, grain);
    // Parts of one size, not a small one at the end.
    int parts = Math.ceilDiv(to - from, most);
    int each = Math.ceilDiv(Math.ceilDiv(to - from, parts), grain) * grain;
    for (int first = from; first < to; first += each) {
      int tokens = Math.min(each, to - first);
      if (preparedBytes + NativeLibrary.preparedBytes(address, tokens) > PREPARED) {
        run();
        clear();
      }
      add(index, stored, first, tokens, grain);
    }
  }

  /** Tokens of a batch, a multiple of the grain. */
  private static int tokens(long weight, int grain) {
    long bytes = Math.max(1, NativeLibrary.preparedBytes(weight, TOKENS) / TOKENS);
    long tokens = Math.max(TOKENS, Math.min(PREPARED / bytes, 1 << 20));
    return (int) Math.max(grain, tokens / grain * grain);
  }

  private void add(int index, Weight stored, int first, int tokens, int grain) {
    int b = batches++;
    if (weight.length < batches) {
      grow(2 * batches);
    }
    long address = weights.address(index);
    weight[b] = index;
    row[b] = first;
    count[b] = tokens;
    rows[b] = stored.rows();
    preparedAt[b] = preparedBytes;
    preparedBytes += Math.ceilDiv(NativeLibrary.preparedBytes(address, tokens), 64) * 64;
    preparedNumbers += (long) tokens * stored.columns();
    unitTokens[b] = grain;
    firstUnit[b + 1] = firstUnit[b] + Math.ceilDiv(tokens, grain);
    work[b] = (long) tokens * Math.max(1, stored.columns()) * stored.rows();
    allWork += work[b];
  }

  private void grow(int size) {
    weight = Arrays.copyOf(weight, size);
    row = Arrays.copyOf(row, size);
    count = Arrays.copyOf(count, size);
    rows = Arrays.copyOf(rows, size);
    preparedAt = Arrays.copyOf(preparedAt, size);
    firstUnit = Arrays.copyOf(firstUnit, size + 1);
    firstPiece = Arrays.copyOf(firstPiece, size + 1);
    unitTokens = Arrays.copyOf(unitTokens, size);
    pieceRows = Arrays.copyOf(pieceRows, size);
    work = Arrays.copyOf(work, size);
  }

  private void run() {
    if (batches == 0) {
      return;
    }
    preparedAddress = prepared.address(preparedBytes);
    int units = firstUnit[batches];
    pool.run(units, preparedNumbers < SMALL ? units : 1, preparing);
    int pieces = cut();
    if (allWork < SMALL) {
      pool.run(pieces, pieces, multiplying);
    } else {
      pool.runTapering(pieces, multiplying);
    }
  }

  /** Cuts the rows of every weight into pieces of about equal work, and says how many there are. */
  private int cut() {
    int threads = pool.threads();
    long wanted = threads == 1 ? 1 : (long) PIECES * threads;
    for (int b = 0; b < batches; b++) {
      int grain = (int) Math.max(1, NativeLibrary.multiplyGrain(weights.address(weight[b])));
      int units = Math.ceilDiv(rows[b], grain);
      // In floating point, because the product of both could be too large for a number.
      long share = (long) Math.ceil((double) work[b] / allWork * wanted);
      pieceRows[b] = Math.ceilDiv(units, Math.clamp(share, 1, units)) * grain;
      firstPiece[b + 1] = firstPiece[b] + Math.ceilDiv(rows[b], pieceRows[b]);
    }
    return firstPiece[batches];
  }

  private void prepare(int thread, int from, int to) {
    int i = from;
    while (i < to) {
      int b = batchOf(firstUnit, i);
      int end = Math.min(to, firstUnit[b + 1]);
      NativeLibrary.prepare(
          weights.address(weight[b]),
          preparedAddress + preparedAt[b],
          count[b],
          x + 4L * row[b] * xStride,
          xStride,
          (long) (i - firstUnit[b]) * unitTokens[b],
          Math.min(count[b], (long) (end - firstUnit[b]) * unitTokens[b]));
      i = end;
    }
  }

  private void multiply(int thread, int from, int to) {
    int i = from;
    while (i < to) {
      int b = batchOf(firstPiece, i);
      int end = Math.min(to, firstPiece[b + 1]);
      NativeLibrary.multiply(
          weights.address(weight[b]),
          out + 4L * row[b] * outStride,
          outStride,
          preparedAddress + preparedAt[b],
          count[b],
          bias,
          (long) (i - firstPiece[b]) * pieceRows[b],
          Math.min(rows[b], (long) (end - firstPiece[b]) * pieceRows[b]),
          scratch.of(thread));
      i = end;
    }
  }

  /** The batch that item {@code i} belongs to. */
  private int batchOf(int[] first, int i) {
    int found = Arrays.binarySearch(first, 0, batches, i);
    return found >= 0 ? found : -found - 2;
  }

  @Override
  public void close() {
    weights.close();
    prepared.close();
    scratch.close();
  }
}
