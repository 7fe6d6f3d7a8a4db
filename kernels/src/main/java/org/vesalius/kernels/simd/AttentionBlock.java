package org.vesalius.kernels.simd;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * One thread's attention of a block of queries over all keys that they see, and the memory for it.
 *
 * <p>Row {@code i} of the block is query {@code i / group} with head {@code i % group} of those
 * that share the key/value head. Keys come in blocks of {@link PackedKeys#KEYS} that start at
 * multiples of it in the sequence; a query touches only keys that it sees. So its result does not
 * depend on which queries are in the block.
 */
final class AttentionBlock {
  /** Query rows that a block aims at. */
  static final int ROWS = 128;

  private static final int KEYS = PackedKeys.KEYS;
  private static final int WIDTH = AttentionTiles.WIDTH;

  /**
   * Queries of a sequence.
   *
   * @param sequence its number in the batch
   * @param start row of the sequence's first query, and of its first key in a ragged batch
   * @param row row of the first query of the block
   * @param count queries of the block
   * @param position position of the first query in the sequence
   * @param length keys of the sequence
   * @param kvHead the key/value head
   * @param shared whether the sequence has other blocks of queries
   */
  record Queries(
      int sequence,
      int start,
      int row,
      int count,
      int position,
      int length,
      int kvHead,
      boolean shared) {}

  private final PackedKeys keys = new PackedKeys();
  private final Scratch queries = new Scratch();
  private final Scratch outputs = new Scratch();
  private final float[] lanes = new float[Lanes.COUNT];
  private float[] scores = new float[0];
  private float[] largest = new float[0];
  private float[] total = new float[0];
  private int[] from = new int[0];
  private int[] to = new int[0];
  private int[] firstKey = new int[0];
  private int[] endKey = new int[0];

  /** Forgets keys and values that were packed, because a new call may bring others. */
  void forget() {
    keys.forget();
  }

  void attend(
      Tensor out,
      Tensor q,
      KeyValues keyValues,
      Queries block,
      AttentionShape shape,
      @Nullable Tensor groups) {
    int group = shape.group();
    int rows = block.count() * group;
    // Tiles always take four rows; the last ones may be nobody's.
    int padded = Lanes.roundUp(rows, AttentionTiles.ROWS);
    int size = shape.headSize();
    int width = Lanes.roundUp(size, WIDTH);
    prepare(padded);
    float[] packed = queries.floats(padded * size + Lanes.COUNT);
    float[] sums = outputs.floats(padded * width);
    for (int i = 0; i < rows; i += group) {
      long offset = 4 * offset(q, block, shape, i);
      Lanes.copyRows(packed, i * size, q.data(), offset, size, group, size);
    }
    AttentionTiles.scale(packed, 0, rows * size, shape.scale());
    Arrays.fill(sums, 0, padded * width, 0);
    Arrays.fill(largest, 0, rows, Float.NEGATIVE_INFINITY);
    Arrays.fill(total, 0, rows, 0);
    keys.start(block, shape);
    see(block, shape, groups);
    int begin = firstKey[0];
    int end = endKey[0];
    for (int query = 1; query < block.count(); query++) {
      begin = Math.min(begin, firstKey[query]);
      end = Math.max(end, endKey[query]);
    }
    for (int base = begin / KEYS * KEYS; base < end; base += KEYS) {
      int count = Math.min(KEYS, end - base);
      int at = keys.pack(keyValues, block, base, count);
      for (int i = 0; i < padded; i++) {
        int query = Math.min(i, rows - 1) / group;
        from[i] = Math.max(0, firstKey[query] - base);
        to[i] = Math.min(count, endKey[query] - base);
      }
      score(packed, rows, size, at);
      weigh(sums, rows, width);
      accumulate(sums, rows, width, at);
    }
    for (int i = 0; i < rows; i++) {
      long offset = offset(out, block, shape, i);
      for (int c = 0; c < size; c++) {
        out.data().set(ValueLayout.JAVA_FLOAT, 4 * (offset + c), sums[i * width + c] / total[i]);
      }
    }
  }

  private void prepare(int rows) {
    if (largest.length < rows) {
      scores = new float[rows * KEYS];
      largest = new float[rows];
      total = new float[rows];
      from = new int[rows];
      to = new int[rows];
      firstKey = new int[rows];
      endKey = new int[rows];
    }
  }

  /** Index of the first number of row {@code i} of the block in queries or outputs. */
  private static long offset(Tensor x, Queries block, AttentionShape shape, int i) {
    int head = block.kvHead() * shape.group() + i % shape.group();
    return (long) (block.row() + i / shape.group()) * x.stride() + (long) head * shape.headSize();
  }

  /** Which keys each query sees: a run of them, since a group holds the query itself. */
  private void see(Queries block, AttentionShape shape, @Nullable Tensor groups) {
    for (int query = 0; query < block.count(); query++) {
      int position = block.position() + query;
      int first = shape.window() == 0 ? 0 : Math.max(0, position + 1 - shape.window());
      int end = shape.causal() ? position + 1 : block.length();
      if (groups != null) {
        first = Math.min(first, Contents.integer(groups, 0, block.row() + query));
        end = Math.max(end, Contents.integer(groups, 1, block.row() + query));
      }
      firstKey[query] = first;
      endKey[query] = end;
    }
  }

  /** Dot products of queries and keys; those that a query does not see mean nothing. */
  private void score(float[] q, int rows, int size, int at) {
    Arrays.fill(scores, 0, Lanes.roundUp(rows, AttentionTiles.ROWS) * KEYS, 0);
    for (int i = 0; i < rows; i += AttentionTiles.ROWS) {
      int first = from[i];
      int end = to[i];
      for (int r = i + 1; r < i + AttentionTiles.ROWS; r++) {
        first = Math.min(first, from[r]);
        end = Math.max(end, to[r]);
      }
      for (int j = first / WIDTH * WIDTH; j < end; j += WIDTH) {
        int panel = at + j * size;
        int to = i * KEYS + j;
        if (rows - i == 1) {
          AttentionTiles.one(q, i * size, keys.keys(), panel, 0, size, scores, to);
        } else {
          AttentionTiles.four(q, i * size, size, keys.keys(), panel, 0, size, scores, to, KEYS);
        }
      }
    }
  }

  /** Scores become weights, and what was summed so far is brought down to a new maximum. */
  private void weigh(float[] sums, int rows, int width) {
    for (int i = 0; i < rows; i++) {
      if (from[i] >= to[i]) {
        continue;
      }
      float before = largest[i];
      float max = Math.max(before, AttentionTiles.largest(scores, i * KEYS, from[i], to[i]));
      AttentionTiles.weigh(scores, i * KEYS, from[i], to[i], max, lanes);
      float sum = Lanes.sum(lanes, 0);
      if (max > before) {
        float factor = (float) Math.exp((double) before - max);
        AttentionTiles.scale(sums, i * width, width, factor);
        total[i] *= factor;
        largest[i] = max;
      }
      total[i] += sum;
    }
  }

  /**
   * Adds weighted values: keys that all four rows of a tile see together, the others row by row.
   */
  private void accumulate(float[] sums, int rows, int width, int at) {
    for (int i = 0; i < rows; i += AttentionTiles.ROWS) {
      int first = from[i];
      int end = to[i];
      for (int r = i + 1; r < i + AttentionTiles.ROWS; r++) {
        first = Math.max(first, from[r]);
        end = Math.min(end, to[r]);
      }
      if (first >= end || rows - i == 1) {
        for (int r = i; r < Math.min(rows, i + AttentionTiles.ROWS); r++) {
          one(sums, r, from[r], to[r], width, at);
        }
        continue;
      }
      for (int r = i; r < Math.min(rows, i + AttentionTiles.ROWS); r++) {
        one(sums, r, from[r], first, width, at);
      }
      for (int c = 0; c < width; c += WIDTH) {
        AttentionTiles.four(
            scores,
            i * KEYS,
            KEYS,
            keys.values(),
            at + c * KEYS,
            first,
            end,
            sums,
            i * width + c,
            width);
      }
      for (int r = i; r < Math.min(rows, i + AttentionTiles.ROWS); r++) {
        one(sums, r, end, to[r], width, at);
      }
    }
  }

  private void one(float[] sums, int row, int first, int end, int width, int at) {
    if (first < end) {
      for (int c = 0; c < width; c += WIDTH) {
        AttentionTiles.one(
            scores, row * KEYS, keys.values(), at + c * KEYS, first, end, sums, row * width + c);
      }
    }
  }
}
