package org.vesalius.kernels.simd;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.WorkerPool;

/**
 * Attention that streams over the keys with a running maximum and sum (Milakov and Gimelshein 2018;
 * Dao et al. 2022) and never holds more than a block of scores.
 *
 * <p>A thread takes a block of queries of one sequence with all query heads that share a key/value
 * head, so that keys and values are read once for all of them.
 */
final class FlashAttention {
  private final WorkerPool pool;
  private final AttentionBlock[] blocks;
  private int[] itemSequence = new int[0];
  private int[] itemQuery = new int[0];
  private int[] itemHead = new int[0];

  FlashAttention(WorkerPool pool) {
    this.pool = pool;
    blocks = new AttentionBlock[pool.threads()];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new AttentionBlock();
    }
  }

  void attend(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Tensor starts,
      AttentionShape shape,
      @Nullable Tensor groups) {
    int perBlock = Math.max(1, AttentionBlock.ROWS / shape.group());
    int items = listItems(starts, shape.kvHeads(), perBlock);
    for (AttentionBlock block : blocks) {
      block.forget();
    }
    pool.run(
        items,
        1,
        (thread, from, to) -> {
          for (int i = from; i < to; i++) {
            int s = itemSequence[i];
            int start = Contents.integer(starts, 0, s);
            int queries = Contents.integer(starts, 0, s + 1) - start;
            int length =
                keyValues instanceof KeyValues.Paged paged
                    ? Contents.integer(paged.lengths(), 0, s)
                    : queries;
            int first = itemQuery[i];
            blocks[thread].attend(
                out,
                q,
                keyValues,
                new AttentionBlock.Queries(
                    s,
                    start,
                    start + first,
                    Math.min(perBlock, queries - first),
                    length - queries + first,
                    length,
                    itemHead[i],
                    queries > perBlock),
                shape,
                groups);
          }
        });
  }

  /** Sequence by sequence and head by head, so that neighbours in time read the same keys. */
  private int listItems(Tensor starts, int kvHeads, int perBlock) {
    int items = 0;
    for (int s = 0; s + 1 < starts.columns(); s++) {
      items += (queries(starts, s) + perBlock - 1) / perBlock * kvHeads;
    }
    if (itemSequence.length < items) {
      itemSequence = new int[items];
      itemQuery = new int[items];
      itemHead = new int[items];
    }
    int i = 0;
    for (int s = 0; s + 1 < starts.columns(); s++) {
      for (int head = 0; head < kvHeads; head++) {
        for (int first = 0; first < queries(starts, s); first += perBlock) {
          itemSequence[i] = s;
          itemQuery[i] = first;
          itemHead[i++] = head;
        }
      }
    }
    return items;
  }

  private static int queries(Tensor starts, int s) {
    return Contents.integer(starts, 0, s + 1) - Contents.integer(starts, 0, s);
  }
}
