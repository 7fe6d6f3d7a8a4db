package org.vesalius.nativekernels;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/**
 * Attention in blocks: some consecutive queries of one sequence with all query heads that share a
 * key/value head, so that keys and values are read once for all of them.
 *
 * <p>Threads take blocks. Where there are too few, as in decode, they take pieces of the keys of a
 * block, and what these give is combined in order afterwards. A block that is not split goes
 * through the same pieces in the same order, so that how the work is split changes no bit.
 */
final class NativeAttention implements AutoCloseable {
  /** Blocks for each thread below which their keys are split too. */
  private static final int BLOCKS = 4;

  /** Query rows of a block below which laying out keys and values for it begins to show. */
  private static final int FEW_ROWS = 128;

  /** Multiply-adds that are not worth a second thread. */
  private static final long SMALL = 1 << 15;

  private final WorkerPool pool;
  private final CacheStruct cache = new CacheStruct();
  private final BlockStruct structs;
  private final ThreadScratch scratch;
  private final NativeBuffer partials = new NativeBuffer();
  private final WorkerPool.NumberedRange wholeBlocks = this::wholeBlocks;
  private final WorkerPool.NumberedRange pieces = this::pieces;
  private final WorkerPool.NumberedRange combining = this::combine;

  // The call that is being computed.
  private long out;
  private long outStride;
  private long q;
  private long qStride;
  private long seeFrom;
  private long seeTo;
  private long keyValues;
  private long partial;
  private int split;
  private AttentionShape shape = AttentionShape.full(1, 1);

  // Its blocks: the sequence with its first row and keys, the first query in it, how many, and the
  // key/value head; then its first piece of keys, and where it begins among all pieces.
  private int blocks;
  private int[] sequence = new int[1];
  private int[] start = new int[1];
  private int[] length = new int[1];
  private int[] position = new int[1];
  private int[] row = new int[1];
  private int[] queries = new int[1];
  private int[] head = new int[1];
  private int[] firstPiece = new int[1];
  private int[] item = new int[2];
  private long[] partialAt = new long[2];
  private int mostQueries;
  private long work;

  NativeAttention(WorkerPool pool) {
    this.pool = pool;
    structs = new BlockStruct(pool.threads());
    scratch = new ThreadScratch(pool.threads());
  }

  void attend(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    this.out = Addresses.of(out);
    this.outStride = out.stride();
    this.q = Addresses.of(q);
    this.qStride = q.stride();
    this.shape = shape;
    seeFrom = groups == null ? 0 : Addresses.of(groups, 0, 0);
    seeTo = groups == null ? 0 : Addresses.of(groups, 1, 0);
    this.keyValues = cache.write(keyValues, shape.kvHeads(), shape.headSize());
    split = (int) NativeLibrary.attentionSplit();
    list(keyValues, starts, groups);
    if (blocks == 0) {
      return;
    }
    int rows = mostQueries * shape.group();
    scratch.require(NativeLibrary.attentionScratch(rows, shape.headSize()));
    int all = item[blocks];
    boolean small = work < SMALL;
    if (small || pool.threads() == 1 || blocks >= BLOCKS * pool.threads() || all == blocks) {
      pool.run(blocks, small ? blocks : 1, wholeBlocks);
    } else {
      partial = partials.address(4 * partialAt[blocks]);
      pool.run(all, 1, pieces);
      // A row is combined in a fraction of the time in which its keys were read.
      pool.run(blocks, Math.ceilDiv(blocks, pool.threads()), combining);
    }
  }

  /** Sequence by sequence and head by head, so that neighbours in time read the same keys. */
  private void list(KeyValues keyValues, Tensor starts, @Nullable Tensor groups) {
    blocks = 0;
    mostQueries = 0;
    work = 0;
    int perBlock = queriesOfBlock(starts);
    for (int s = 0; s + 1 < starts.columns(); s++) {
      int begin = Contents.integer(starts, 0, s);
      int count = Contents.integer(starts, 0, s + 1) - begin;
      int keys =
          keyValues instanceof KeyValues.Paged paged
              ? Contents.integer(paged.lengths(), 0, s)
              : count;
      // Blocks of one size, not a small one at the end.
      int parts = Math.ceilDiv(count, perBlock);
      int each = parts == 0 ? 1 : Math.ceilDiv(count, parts);
      for (int h = 0; h < shape.kvHeads(); h++) {
        // The last queries see the most keys, and what takes long should not come last.
        for (int first = Math.max(0, parts - 1) * each; first >= 0; first -= each) {
          if (first < count) {
            add(s, begin, keys, keys - count + first, first, Math.min(each, count - first), h);
            see(groups);
          }
        }
      }
    }
  }

  /** As many as the kernel likes, or fewer so that there are blocks for all threads. */
  private int queriesOfBlock(Tensor starts) {
    int sequences = starts.columns() - 1;
    long all = (long) Contents.integer(starts, 0, sequences) - Contents.integer(starts, 0, 0);
    long shared = all * shape.kvHeads() / ((long) BLOCKS * pool.threads());
    long rows =
        Math.min(
            NativeLibrary.attentionRows(shape.headSize()),
            Math.max(FEW_ROWS, shared * shape.group()));
    return (int) Math.max(1, rows / shape.group());
  }

  private void add(
      int inSequence, int begin, int keys, int firstPosition, int first, int count, int kvHead) {
    int b = blocks++;
    if (sequence.length < blocks) {
      grow(2 * blocks);
    }
    sequence[b] = inSequence;
    start[b] = begin;
    length[b] = keys;
    position[b] = firstPosition;
    row[b] = begin + first;
    queries[b] = count;
    head[b] = kvHead;
    mostQueries = Math.max(mostQueries, count);
  }

  private void grow(int size) {
    sequence = Arrays.copyOf(sequence, size);
    start = Arrays.copyOf(start, size);
    length = Arrays.copyOf(length, size);
    position = Arrays.copyOf(position, size);
    row = Arrays.copyOf(row, size);
    queries = Arrays.copyOf(queries, size);
    head = Arrays.copyOf(head, size);
    firstPiece = Arrays.copyOf(firstPiece, size);
    item = Arrays.copyOf(item, size + 1);
    partialAt = Arrays.copyOf(partialAt, size + 1);
  }

  /** Finds the pieces that hold the keys which the last block sees. */
  private void see(@Nullable Tensor groups) {
    int b = blocks - 1;
    int last = position[b] + queries[b] - 1;
    int from = shape.window() == 0 ? 0 : Math.max(0, position[b] + 1 - shape.window());
    int to = shape.causal() ? last + 1 : length[b];
    for (int i = 0; groups != null && i < queries[b]; i++) {
      from = Math.min(from, Contents.integer(groups, 0, row[b] + i));
      to = Math.max(to, Contents.integer(groups, 1, row[b] + i));
    }
    firstPiece[b] = from / split;
    int count = Math.ceilDiv(to, split) - firstPiece[b];
    item[b + 1] = item[b] + count;
    long rows = (long) queries[b] * shape.group();
    partialAt[b + 1] = partialAt[b] + count * rows * (shape.headSize() + 2);
    work += 2 * rows * (to - from) * shape.headSize();
  }

  private void wholeBlocks(int thread, int from, int to) {
    for (int b = from; b < to; b++) {
      attend(thread, b, 0, length[b], 0);
    }
  }

  private void pieces(int thread, int from, int to) {
    for (int i = from; i < to; i++) {
      int found = Arrays.binarySearch(item, 0, blocks + 1, i);
      int b = found >= 0 ? found : -found - 2;
      long piece = (long) firstPiece[b] + (i - item[b]);
      boolean alone = item[b + 1] - item[b] == 1;
      long at = partial + 4 * (partialAt[b] + (i - item[b]) * partialFloats(b));
      attend(thread, b, piece * split, Math.min(length[b], (piece + 1) * split), alone ? 0 : at);
    }
  }

  /** Numbers of the partial result of one piece. */
  private long partialFloats(int b) {
    return (long) queries[b] * shape.group() * (shape.headSize() + 2);
  }

  private void combine(int thread, int from, int to) {
    for (int b = from; b < to; b++) {
      int parts = item[b + 1] - item[b];
      if (parts > 1) {
        NativeLibrary.attentionCombine(
            partial + 4 * partialAt[b],
            partialFloats(b),
            parts,
            address(out, outStride, b),
            outStride,
            queries[b],
            shape.group(),
            shape.headSize());
      }
    }
  }

  /** Of the first query of a block and the first head of its group. */
  private long address(long matrix, long stride, int b) {
    return matrix + 4 * (row[b] * stride + (long) head[b] * shape.group() * shape.headSize());
  }

  private void attend(int thread, int b, long keyFrom, long keyTo, long to) {
    structs.set(thread, BlockStruct.Q, address(q, qStride, b));
    structs.set(thread, BlockStruct.OUT, address(out, outStride, b));
    structs.set(thread, BlockStruct.SEE_FROM, seeFrom == 0 ? 0 : seeFrom + 4L * row[b]);
    structs.set(thread, BlockStruct.SEE_TO, seeTo == 0 ? 0 : seeTo + 4L * row[b]);
    structs.set(thread, BlockStruct.Q_STRIDE, qStride);
    structs.set(thread, BlockStruct.OUT_STRIDE, outStride);
    structs.set(thread, BlockStruct.QUERIES, queries[b]);
    structs.set(thread, BlockStruct.GROUP, shape.group());
    structs.set(thread, BlockStruct.POSITION, position[b]);
    structs.set(thread, BlockStruct.LENGTH, length[b]);
    structs.set(thread, BlockStruct.SEQUENCE, sequence[b]);
    structs.set(thread, BlockStruct.START, start[b]);
    structs.set(thread, BlockStruct.KV_HEAD, head[b]);
    structs.set(thread, BlockStruct.WINDOW, shape.window());
    structs.set(thread, BlockStruct.KEY_FROM, keyFrom);
    structs.set(thread, BlockStruct.KEY_TO, keyTo);
    structs.set(thread, BlockStruct.PARTIAL, to);
    structs.setScale(thread, shape.scale());
    structs.setCausal(thread, shape.causal());
    NativeLibrary.attention(keyValues, structs.address(thread), scratch.of(thread));
  }

  @Override
  public void close() {
    cache.close();
    structs.close();
    scratch.close();
    partials.close();
  }
}
