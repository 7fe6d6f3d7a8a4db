package org.vesalius.kernels.simd;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * One thread's attention of a block of queries over all keys that they see, and the memory for it.
 *
 * <p>Row {@code i} of the block is query {@code i / group} with head {@code i % group} of those
 * that share the key/value head. Keys come in blocks of {@link #KEYS} that start at multiples of it
 * in the sequence; a query touches only keys that it sees. So its result does not depend on which
 * queries are in the block.
 */
final class AttentionBlock {
  /** Query rows that a block aims at. */
  static final int ROWS = 64;

  /** Keys of a block. */
  private static final int KEYS = 64;

  /** Distance of two rows of scores; a tile writes a full vector at its last keys. */
  private static final int SCORES = KEYS + Lanes.COUNT;

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
   */
  record Queries(
      int sequence, int start, int row, int count, int position, int length, int kvHead) {}

  private final Scratch queries = new Scratch();
  private final Scratch keys = new Scratch();
  private final Scratch values = new Scratch();
  private final Scratch outputs = new Scratch();
  private final float[] lanes = new float[Lanes.COUNT];
  private float[] scores = new float[0];
  private float[] largest = new float[0];
  private float[] total = new float[0];
  private int[] from = new int[0];
  private int[] to = new int[0];

  void attend(Tensor out, Tensor q, KeyValues keyValues, Queries block, AttentionShape shape) {
    int group = shape.group();
    int rows = block.count() * group;
    int width = Lanes.roundUp(shape.headSize(), Lanes.COUNT);
    prepare(rows);
    float[] packed = queries.floats((rows + 1) * width);
    float[] sums = outputs.floats(rows * width);
    for (int i = 0; i < rows; i++) {
      long offset = 4 * offset(q, block, shape, i);
      Lanes.copyPadded(packed, i * width, q.data(), offset, shape.headSize(), width);
    }
    Arrays.fill(sums, 0, rows * width, 0);
    Arrays.fill(largest, 0, rows, Float.NEGATIVE_INFINITY);
    Arrays.fill(total, 0, rows, 0);
    int begin = firstKey(block, shape, 0);
    int end = lastKey(block, shape, block.count() - 1) + 1;
    float[] k = keys.floats(KEYS * width);
    float[] v = values.floats(KEYS * width);
    for (int base = begin / KEYS * KEYS; base < end; base += KEYS) {
      int count = Math.min(KEYS, end - base);
      load(k, v, keyValues, block, base, count, shape, width);
      for (int i = 0; i < rows; i++) {
        from[i] = Math.max(0, firstKey(block, shape, i / group) - base);
        to[i] = Math.min(count, lastKey(block, shape, i / group) + 1 - base);
      }
      from[rows] = KEYS;
      to[rows] = 0;
      score(packed, k, rows, width, shape.scale());
      weigh(sums, rows, width);
      accumulate(v, sums, rows, width);
    }
    for (int i = 0; i < rows; i++) {
      long offset = offset(out, block, shape, i);
      for (int c = 0; c < shape.headSize(); c++) {
        out.data().set(ValueLayout.JAVA_FLOAT, 4 * (offset + c), sums[i * width + c] / total[i]);
      }
    }
  }

  private void prepare(int rows) {
    if (largest.length < rows + 1) {
      scores = new float[(rows + 1) * SCORES];
      largest = new float[rows + 1];
      total = new float[rows + 1];
      from = new int[rows + 1];
      to = new int[rows + 1];
    }
  }

  /** Index of the first number of row {@code i} of the block in queries or outputs. */
  private static long offset(Tensor x, Queries block, AttentionShape shape, int i) {
    int head = block.kvHead() * shape.group() + i % shape.group();
    return (long) (block.row() + i / shape.group()) * x.stride() + (long) head * shape.headSize();
  }

  private static int lastKey(Queries block, AttentionShape shape, int query) {
    return shape.causal() ? block.position() + query : block.length() - 1;
  }

  private static int firstKey(Queries block, AttentionShape shape, int query) {
    return shape.window() == 0 ? 0 : Math.max(0, block.position() + query + 1 - shape.window());
  }

  private static void load(
      float[] k,
      float[] v,
      KeyValues keyValues,
      Queries block,
      int base,
      int count,
      AttentionShape shape,
      int width) {
    int size = shape.headSize();
    switch (keyValues) {
      case KeyValues.Ragged(Tensor keys, Tensor values) -> {
        int row = block.start() + base;
        int column = block.kvHead() * size;
        copyRows(k, 0, keys, row, column, count, size, width);
        copyRows(v, 0, values, row, column, count, size, width);
      }
      case KeyValues.Paged paged -> {
        int pageSize = paged.pageSize();
        for (int j = 0; j < count; ) {
          int slot = (base + j) % pageSize;
          int run = Math.min(count - j, pageSize - slot);
          int page = Contents.integer(paged.pageTable(), block.sequence(), (base + j) / pageSize);
          int slab = page / paged.pagesPerSlab();
          int head = page % paged.pagesPerSlab() * paged.kvHeads() + block.kvHead();
          int row = head * pageSize + slot;
          copyRows(k, j * width, paged.keys().get(slab), row, 0, run, size, width);
          copyRows(v, j * width, paged.values().get(slab), row, 0, run, size, width);
          j += run;
        }
      }
    }
  }

  private static void copyRows(
      float[] out, int at, Tensor x, int row, int column, int count, int size, int width) {
    for (int i = 0; i < count; i++) {
      long offset = 4 * ((long) (row + i) * x.stride() + column);
      Lanes.copyPadded(out, at + i * width, x.data(), offset, size, width);
    }
  }

  private void score(float[] q, float[] k, int rows, int width, float scale) {
    for (int i = 0; i < rows; i += 2) {
      int first = Math.min(from[i], from[i + 1]) / AttentionTiles.KEYS * AttentionTiles.KEYS;
      int end = Math.max(to[i], to[i + 1]);
      for (int j = first; j < end; j += AttentionTiles.KEYS) {
        AttentionTiles.scores(
            q, i * width, k, j * width, width, scale, scores, i * SCORES + j, SCORES);
      }
    }
  }

  private void weigh(float[] sums, int rows, int width) {
    for (int i = 0; i < rows; i++) {
      if (from[i] >= to[i]) {
        continue;
      }
      float before = largest[i];
      float max = Math.max(before, AttentionTiles.largest(scores, i * SCORES, from[i], to[i]));
      AttentionTiles.weigh(scores, i * SCORES, from[i], to[i], max, lanes);
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

  private void accumulate(float[] v, float[] sums, int rows, int width) {
    int tile = AttentionTiles.QUERIES;
    for (int i = 0; i < rows; i += tile) {
      int count = Math.min(tile, rows - i);
      int first = 0;
      int end = KEYS;
      for (int r = i; r < i + count; r++) {
        first = Math.max(first, from[r]);
        end = Math.min(end, to[r]);
      }
      if (count < tile || first >= end) {
        for (int r = i; r < i + count; r++) {
          one(v, sums, r, from[r], to[r], width);
        }
        continue;
      }
      for (int r = i; r < i + tile; r++) {
        one(v, sums, r, from[r], first, width);
      }
      AttentionTiles.values(scores, i * SCORES, SCORES, v, first, end, width, sums, i * width);
      for (int r = i; r < i + tile; r++) {
        one(v, sums, r, end, to[r], width);
      }
    }
  }

  private void one(float[] v, float[] sums, int row, int first, int end, int width) {
    if (first < end) {
      AttentionTiles.valuesOfOne(scores, row * SCORES, v, first, end, width, sums, row * width);
    }
  }
}
