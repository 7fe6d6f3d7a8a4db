package org.vesalius.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Matrices.Framed;

/**
 * Attention over several sequences with given content, for any number of their last tokens as
 * queries, with keys and values in the batch or in pages.
 */
final class AttentionCase {
  /** Pages of a sequence lie scattered over slabs of this many pages. */
  private static final int PAGES_PER_SLAB = 3;

  final AttentionShape shape;
  final int[] lengths;
  final float[][] q;
  final float[][] k;
  final float[][] v;

  /** How pages store keys and values. */
  private CacheFormat format = CacheFormat.F32;

  /** What attention was given last. */
  private @Nullable KeyValues keyValues;

  /** Of each sequence the first token of a group and the one after its last, and so on. */
  private int @Nullable [][] groups;

  AttentionCase(Samples samples, AttentionShape shape, double deviation, int... lengths) {
    this.shape = shape;
    this.lengths = lengths;
    q = new float[lengths.length][];
    k = new float[lengths.length][];
    v = new float[lengths.length][];
    for (int s = 0; s < lengths.length; s++) {
      q[s] = samples.normal(lengths[s] * shape.heads() * shape.headSize(), deviation);
      k[s] = samples.normal(lengths[s] * shape.kvHeads() * shape.headSize(), deviation);
      v[s] = samples.normal(lengths[s] * shape.kvHeads() * shape.headSize(), 1);
    }
  }

  /** Adds groups that see each other: first and end of each, for every sequence. */
  AttentionCase withGroups(int[]... borders) {
    groups = borders;
    return this;
  }

  /** Rounds keys and values to what a cache of this format holds of them. */
  AttentionCase in(CacheFormat cacheFormat) {
    format = cacheFormat;
    int size = shape.headSize();
    for (float[][] half : new float[][][] {k, v}) {
      for (float[] rows : half) {
        for (int i = 0; i < rows.length; i += size) {
          float[] row = Arrays.copyOfRange(rows, i, i + size);
          System.arraycopy(StoredRow.of(format, row).values(), 0, rows, i, size);
        }
      }
    }
    return this;
  }

  private @Nullable Tensor groups(Kernels kernels, int[] from, int[] to) {
    if (groups == null) {
      return null;
    }
    int tokens = Arrays.stream(to).sum() - Arrays.stream(from).sum();
    int[] content = new int[2 * tokens];
    int row = 0;
    for (int s = 0; s < to.length; s++) {
      for (int position = from[s]; position < to[s]; position++) {
        content[row] = position;
        content[tokens + row] = position + 1;
        for (int i = 0; i < groups[s].length; i += 2) {
          if (groups[s][i] <= position && position < groups[s][i + 1]) {
            content[row] = groups[s][i];
            content[tokens + row] = groups[s][i + 1];
          }
        }
        row++;
      }
    }
    return Matrices.integerRows(kernels, 2, tokens, content);
  }

  /** The same with the values' magnitudes, whose result is the magnitude of what is summed. */
  AttentionCase magnitudes() {
    AttentionCase other = new AttentionCase(new Samples(0), shape, 1, lengths);
    for (int s = 0; s < lengths.length; s++) {
      other.q[s] = q[s];
      other.k[s] = k[s];
      other.v[s] = Samples.magnitudes(v[s]);
    }
    other.groups = groups;
    other.format = format;
    return other;
  }

  /**
   * What is left for the definition to do when a backend has rounded as it says, in the call that
   * it was given last: the same with rounded queries, which the scale is multiplied into, and for a
   * ragged batch with rounded keys and values.
   */
  AttentionCase rounded(Kernels tested) {
    if (rounding(tested) == ActivationRounding.NONE) {
      return this;
    }
    AttentionShape unscaled =
        new AttentionShape(
            shape.heads(), shape.kvHeads(), shape.headSize(), 1, shape.causal(), shape.window());
    AttentionCase other = new AttentionCase(new Samples(0), unscaled, 1, lengths);
    boolean ragged = keyValues instanceof KeyValues.Ragged;
    for (int s = 0; s < lengths.length; s++) {
      float[] scaled = q[s].clone();
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] *= shape.scale();
      }
      other.q[s] = StoredRow.of(CacheFormat.BF16, scaled).values();
      other.k[s] = ragged ? StoredRow.of(CacheFormat.BF16, k[s]).values() : k[s];
      other.v[s] = ragged ? StoredRow.of(CacheFormat.BF16, v[s]).values() : v[s];
    }
    other.groups = groups;
    other.format = format;
    return other;
  }

  /** How a backend rounds in the call that it was given last. */
  ActivationRounding rounding(Kernels tested) {
    return tested.attentionRounding(Objects.requireNonNull(keyValues, "no call yet"));
  }

  /** All tokens as queries, keys and values in the batch. */
  float[] ragged(Kernels kernels) {
    int width = shape.kvHeads() * shape.headSize();
    int tokens = Arrays.stream(lengths).sum();
    Framed out = Framed.of(kernels, tokens, q(0, 0).length);
    KeyValues given =
        new KeyValues.Ragged(
            Framed.of(kernels, tokens, width, join(k)).view(),
            Framed.of(kernels, tokens, width, join(v)).view());
    keyValues = given;
    kernels.attention(
        out.view(),
        Framed.of(kernels, tokens, q(0, 0).length, join(q)).view(),
        given,
        starts(kernels, lengths),
        shape,
        groups(kernels, new int[lengths.length], lengths));
    return out.read("attention");
  }

  /** The queries {@code from[s]} to {@code to[s]} of each sequence, with all keys before. */
  float[] paged(Kernels kernels, int pageSize, int[] from, int[] to) {
    int heads = shape.kvHeads();
    int size = shape.headSize();
    int columns = 1;
    for (int length : to) {
      columns = Math.max(columns, (length + pageSize - 1) / pageSize);
    }
    int pages = columns * to.length;
    int slabs = (pages + PAGES_PER_SLAB - 1) / PAGES_PER_SLAB;
    int slabRows = PAGES_PER_SLAB * heads * pageSize;
    float[][][] store = new float[2][slabs][slabRows * size];
    float[][][] scales = new float[2][slabs][slabRows];
    for (int half = 0; half < 2; half++) {
      for (int slab = 0; slab < slabs; slab++) {
        // What no token of the batch is in may hold anything.
        Arrays.fill(store[half][slab], format == CacheFormat.INT8 ? 101 : Float.NaN);
        Arrays.fill(scales[half][slab], Float.NaN);
      }
    }
    int[] scattered = new Samples(77).permutation(slabs * PAGES_PER_SLAB);
    int[] table = new int[to.length * columns];
    int[] queries = new int[to.length];
    float[][] batch = new float[to.length][];
    for (int s = 0; s < to.length; s++) {
      queries[s] = to[s] - from[s];
      int row = shape.heads() * size;
      batch[s] = Arrays.copyOfRange(q[s], from[s] * row, to[s] * row);
      for (int i = 0; i < columns; i++) {
        table[s * columns + i] = scattered[s * columns + i];
      }
      for (int j = 0; j < to[s]; j++) {
        int page = table[s * columns + j / pageSize];
        for (int head = 0; head < heads; head++) {
          int slot = (page % PAGES_PER_SLAB * heads + head) * pageSize + j % pageSize;
          int source = (j * heads + head) * size;
          for (int half = 0; half < 2; half++) {
            float[] x = Arrays.copyOfRange((half == 0 ? k : v)[s], source, source + size);
            StoredRow stored = StoredRow.of(format, x);
            int slab = page / PAGES_PER_SLAB;
            System.arraycopy(stored.elements(), 0, store[half][slab], slot * size, size);
            scales[half][slab][slot] = stored.scale();
          }
        }
      }
    }
    int tokens = Arrays.stream(queries).sum();
    Framed out = Framed.of(kernels, tokens, shape.heads() * size);
    KeyValues given =
        new KeyValues.Paged(
            slabs(kernels, format.elementType(), store[0], size),
            slabs(kernels, format.elementType(), store[1], size),
            format.scaled() ? slabs(kernels, ElementType.F32, scales[0], slabRows) : List.of(),
            format.scaled() ? slabs(kernels, ElementType.F32, scales[1], slabRows) : List.of(),
            heads,
            pageSize,
            PAGES_PER_SLAB,
            Matrices.integerRows(kernels, to.length, columns, table),
            Matrices.integers(kernels, to));
    keyValues = given;
    kernels.attention(
        out.view(),
        Framed.of(kernels, tokens, shape.heads() * size, join(batch)).view(),
        given,
        starts(kernels, queries),
        shape,
        groups(kernels, from, to));
    return out.read("attention");
  }

  /** All tokens as queries, keys and values in pages. */
  float[] paged(Kernels kernels, int pageSize) {
    return paged(kernels, pageSize, new int[lengths.length], lengths);
  }

  /** The largest {@code scale * Σ|q·k|} of a row of the whole batch and a head, or more. */
  double largestScore(int row, int head) {
    int s = 0;
    int token = row;
    while (token >= lengths[s]) {
      token -= lengths[s++];
    }
    int size = shape.headSize();
    int width = shape.kvHeads() * size;
    int kvHead = head / shape.group();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double largest = 0;
      for (int j = 0; j < lengths[s]; j++) {
        largest = Math.max(largest, Math.abs(k[s][j * width + kvHead * size + i]));
      }
      sum += largest * Math.abs(q[s][(token * shape.heads() + head) * size + i]);
    }
    return sum * Math.abs(shape.scale());
  }

  private float[] q(int sequence, int token) {
    int row = shape.heads() * shape.headSize();
    return Arrays.copyOfRange(q[sequence], token * row, (token + 1) * row);
  }

  private static List<Tensor> slabs(
      Kernels kernels, ElementType type, float[][] content, int columns) {
    List<Tensor> slabs = new ArrayList<>();
    for (float[] slab : content) {
      slabs.add(Framed.contiguous(kernels, type, slab.length / columns, columns, slab).view());
    }
    return slabs;
  }

  private static Tensor starts(Kernels kernels, int[] counts) {
    int[] starts = new int[counts.length + 1];
    for (int s = 0; s < counts.length; s++) {
      starts[s + 1] = starts[s] + counts[s];
    }
    return Matrices.integers(kernels, starts);
  }

  private static float[] join(float[][] parts) {
    int count = 0;
    for (float[] part : parts) {
      count += part.length;
    }
    float[] all = new float[count];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @Override
  public String toString() {
    return shape
        + " "
        + Arrays.toString(lengths)
        + " groups "
        + Arrays.deepToString(groups)
        + " in "
        + format;
  }
}
