package org.vesalius.kernels.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * Attention of two sequences with given content, for a {@link SelfCheck}: in the batch, or the last
 * tokens of each as queries and all keys and values in pages.
 *
 * @param format of the pages, or null for a ragged batch
 * @param lengths keys of each sequence
 * @param queries of each sequence
 * @param grouped whether the last queries of each sequence see each other
 * @param q {@code (queries, heads * headSize)}
 * @param k {@code (keys, kvHeads * headSize)}, as the cache stores it
 * @param v as {@code k}
 * @param kScales of each head of a key; 1 where the format has none
 * @param vScales as {@code kScales}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record AttentionSample(
    AttentionShape shape,
    @Nullable CacheFormat format,
    int[] lengths,
    int[] queries,
    boolean grouped,
    float[] q,
    float[] k,
    float[] v,
    float[] kScales,
    float[] vScales) {
  private static final int PAGE = 16;
  private static final int PAGES_PER_SLAB = 2;

  /** Pages of a row of the table: room for more keys than one block takes, used or not. */
  private static final int TABLE = 40;

  /** Queries of each sequence that see each other. */
  private static final int GROUP = 4;

  /**
   * A sample of random numbers.
   *
   * @param counts keys and queries of the first sequence, then of the second
   */
  static AttentionSample of(
      Comparison numbers,
      AttentionShape shape,
      @Nullable CacheFormat format,
      boolean grouped,
      int... counts) {
    int[] lengths = {counts[0], counts[2]};
    int[] queries = {counts[1], counts[3]};
    int keyHeads = (lengths[0] + lengths[1]) * shape.kvHeads();
    int size = shape.headSize();
    float[] q = numbers.normal((queries[0] + queries[1]) * shape.heads() * size);
    return new AttentionSample(
        shape,
        format,
        lengths,
        queries,
        grouped,
        q,
        stored(numbers, format, keyHeads * size),
        stored(numbers, format, keyHeads * size),
        scales(numbers, format, keyHeads),
        scales(numbers, format, keyHeads));
  }

  private static float[] stored(Comparison numbers, @Nullable CacheFormat format, int count) {
    float[] values = numbers.normal(count);
    for (int i = 0; i < count; i++) {
      if (format == CacheFormat.INT8) {
        values[i] = numbers.below(255) - 127;
      } else if (format == CacheFormat.BF16) {
        values[i] = nearest(values[i]);
      }
    }
    return values;
  }

  private static float[] scales(Comparison numbers, @Nullable CacheFormat format, int count) {
    float[] scales = new float[count];
    for (int i = 0; i < count; i++) {
      scales[i] = format == CacheFormat.INT8 ? (100 + numbers.below(100)) / 1e4f : 1;
    }
    return scales;
  }

  private static float nearest(float value) {
    return Bfloat16.value(Bfloat16.round(value));
  }

  private static float[] nearest(float[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = nearest(values[i]);
    }
    return result;
  }

  /** Keys of the longest sequence. */
  int longest() {
    return Math.max(lengths[0], lengths[1]);
  }

  /** How the device rounds this. */
  ActivationRounding rounding(Comparison comparison) {
    ActivationRounding[] rounding = {ActivationRounding.NONE};
    float[] nothing =
        comparison.defined(trial -> {
          // Asked with an empty one of the kind, because content does not matter.
          rounding[0] = comparison.device().attentionRounding(empty(trial));
          return new float[0];
        });
    assert nothing.length == 0;
    return rounding[0];
  }

  private KeyValues empty(Trial trial) {
    Tensor none = trial.integers(1, 1, 0);
    if (format == null) {
      return new KeyValues.Ragged(trial.zeros(0, 1), trial.zeros(0, 1));
    }
    List<Tensor> slab = List.of(trial.allocate(format.elementType(), 0, 1));
    List<Tensor> scale = format.scaled() ? List.of(trial.zeros(1, 0)) : List.of();
    return new KeyValues.Paged(slab, slab, scale, scale, 1, PAGE, PAGES_PER_SLAB, none, none);
  }

  /** What is left to compute when the device has rounded so. */
  AttentionSample rounded(ActivationRounding rounding) {
    if (rounding == ActivationRounding.NONE) {
      return this;
    }
    AttentionShape unscaled =
        new AttentionShape(
            shape.heads(), shape.kvHeads(), shape.headSize(), 1, shape.causal(), shape.window());
    float[] scaled = q.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = nearest(scaled[i] * shape.scale());
    }
    boolean ragged = format == null;
    return new AttentionSample(
        unscaled,
        format,
        lengths,
        queries,
        grouped,
        scaled,
        ragged ? nearest(k) : k,
        ragged ? nearest(v) : v,
        kScales,
        vScales);
  }

  /** With the magnitudes of values, the result is the magnitude of what is summed. */
  AttentionSample magnitudes() {
    float[] absolute = Comparison.magnitudes(v);
    return new AttentionSample(
        shape, format, lengths, queries, grouped, q, k, absolute, kScales, vScales);
  }

  /** The largest {@code scale * Σ|q·k|} of each query and head. */
  double[] largestScores() {
    int size = shape.headSize();
    int rows = queries[0] + queries[1];
    double[] largest = new double[rows * shape.heads()];
    for (int i = 0; i < largest.length; i++) {
      int sequence = i / shape.heads() < queries[0] ? 0 : 1;
      int first = sequence == 0 ? 0 : lengths[0];
      for (int j = first; j < first + lengths[sequence]; j++) {
        int key = j * shape.kvHeads() + i % shape.heads() / shape.group();
        double sum = 0;
        for (int c = 0; c < size; c++) {
          sum += Math.abs((double) q[i * size + c] * k[key * size + c]);
        }
        largest[i] = Math.max(largest[i], sum * kScales[key] * shape.scale());
      }
    }
    return largest;
  }

  /** The result, row by row. */
  float[] attend(Trial trial) {
    int rows = queries[0] + queries[1];
    int width = shape.heads() * shape.headSize();
    Tensor out = trial.zeros(rows, width);
    Tensor starts = trial.integers(1, 3, 0, queries[0], rows);
    KeyValues keyValues = keyValues(trial);
    trial
        .kernels()
        .attention(
            out,
            trial.of(rows, width, q),
            keyValues,
            starts,
            shape,
            grouped ? groups(trial) : null);
    return trial.read(out);
  }

  private Tensor groups(Trial trial) {
    int rows = queries[0] + queries[1];
    int[] content = new int[2 * rows];
    for (int row = 0; row < rows; row++) {
      int sequence = row < queries[0] ? 0 : 1;
      int end = lengths[sequence];
      int position = end - (sequence == 0 ? queries[0] : rows) + row;
      boolean inside = position >= end - GROUP;
      content[row] = inside ? end - GROUP : position;
      content[rows + row] = inside ? end : position + 1;
    }
    return trial.integers(2, rows, content);
  }

  private KeyValues keyValues(Trial trial) {
    int width = shape.kvHeads() * shape.headSize();
    int keys = lengths[0] + lengths[1];
    if (format == null) {
      return new KeyValues.Ragged(trial.of(keys, width, k), trial.of(keys, width, v));
    }
    // From the last page on, so that they are not in order.
    int pages = Math.ceilDiv(lengths[0], PAGE) + Math.ceilDiv(lengths[1], PAGE);
    int[] table = new int[2 * TABLE];
    int next = pages;
    for (int s = 0; s < 2; s++) {
      for (int page = 0; page < Math.ceilDiv(lengths[s], PAGE); page++) {
        table[s * TABLE + page] = --next;
      }
    }
    int slabs = Math.ceilDiv(pages, PAGES_PER_SLAB);
    return new KeyValues.Paged(
        slabs(trial, slabs, table, k, shape.headSize(), format.elementType()),
        slabs(trial, slabs, table, v, shape.headSize(), format.elementType()),
        format.scaled() ? slabs(trial, slabs, table, kScales, 1, ElementType.F32) : List.of(),
        format.scaled() ? slabs(trial, slabs, table, vScales, 1, ElementType.F32) : List.of(),
        shape.kvHeads(),
        PAGE,
        PAGES_PER_SLAB,
        trial.integers(2, TABLE, table),
        trial.integers(1, 2, lengths));
  }

  /** Puts rows of {@code size} numbers, one for each head of a key, where their pages are. */
  private List<Tensor> slabs(
      Trial trial, int count, int[] table, float[] content, int size, ElementType type) {
    int heads = shape.kvHeads();
    int rows = PAGES_PER_SLAB * heads * PAGE;
    float[] all = new float[count * rows * size];
    for (int key = 0; key < lengths[0] + lengths[1]; key++) {
      int sequence = key < lengths[0] ? 0 : 1;
      int position = key - (sequence == 0 ? 0 : lengths[0]);
      int page = table[sequence * TABLE + position / PAGE];
      for (int head = 0; head < heads; head++) {
        int row = (page * heads + head) * PAGE + position % PAGE;
        System.arraycopy(content, (key * heads + head) * size, all, row * size, size);
      }
    }
    List<Tensor> slabs = new ArrayList<>();
    for (int slab = 0; slab < count; slab++) {
      float[] part = Arrays.copyOfRange(all, slab * rows * size, (slab + 1) * rows * size);
      // Scales are one row, numbers a row each.
      slabs.add(size == 1 ? trial.of(type, 1, rows, part) : trial.of(type, rows, size, part));
    }
    return slabs;
  }

  @Override
  public String toString() {
    return (format == null ? "in the batch" : "with a cache in " + format)
        + ", "
        + shape.heads()
        + " heads of "
        + shape.headSize()
        + (shape.window() == 0 ? "" : ", window " + shape.window())
        + (grouped ? ", groups" : "")
        + ", "
        + Arrays.toString(queries)
        + " queries of "
        + Arrays.toString(lengths);
  }
}
