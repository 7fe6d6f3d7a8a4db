package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * Keys and values of one head in the order in which {@link AttentionTiles} read them, block by
 * block: keys in panels of as many keys as a panel is wide, values in panels of as many columns.
 *
 * <p>Where several blocks of queries follow on one head, blocks stay packed from one to the next.
 */
final class PackedKeys {
  /** Keys of a block; a multiple of a panel's width for vectors of every shape. */
  static final int KEYS = 64;

  private static final int WIDTH = AttentionTiles.WIDTH;

  /** Blocks that are kept; later ones are packed anew. 6144 keys of 128 numbers are 6 MiB. */
  private static final int KEPT = 96;

  private final Scratch packedKeys = new Scratch();
  private final Scratch packedValues = new Scratch();
  private final Scratch rows = new Scratch();
  private final Scratch valueRows = new Scratch();
  private final boolean[] kept = new boolean[KEPT];
  private float[] k = new float[0];
  private float[] v = new float[0];
  private int keptSequence = -1;
  private int keptHead;

  private int size;
  private int width;
  private int last;

  /** Forgets everything that was packed. */
  void forget() {
    keptSequence = -1;
  }

  /** Turns to the keys and values that these queries see. */
  void start(AttentionBlock.Queries queries, AttentionShape shape) {
    size = shape.headSize();
    width = Lanes.roundUp(size, WIDTH);
    boolean keep = queries.shared();
    if (!keep) {
      forget();
    } else if (queries.sequence() != keptSequence || queries.kvHead() != keptHead) {
      keptSequence = queries.sequence();
      keptHead = queries.kvHead();
      Arrays.fill(kept, false);
    }
    // The place after those that are kept is for everybody.
    last = keep ? Math.min(KEPT, (queries.length() + KEYS - 1) / KEYS) : 0;
    k = packedKeys.floats((last + 1) * KEYS * width);
    v = packedValues.floats((last + 1) * KEYS * width);
  }

  /**
   * Packs the block of keys from {@code base}, of which the first {@code count} are needed, unless
   * it is there, and returns where it starts.
   */
  int pack(KeyValues source, AttentionBlock.Queries block, int base, int count) {
    int i = base / KEYS;
    if (i >= last) {
      load(source, block, last * KEYS * width, base, count);
      return last * KEYS * width;
    }
    if (!kept[i]) {
      // All of the block, whatever these queries see of it: the next ones see more.
      load(source, block, i * KEYS * width, base, Math.min(KEYS, block.length() - base));
      kept[i] = true;
    }
    return i * KEYS * width;
  }

  private void load(KeyValues source, AttentionBlock.Queries block, int at, int base, int count) {
    float[] natural = rows.floats(KEYS * size + Lanes.COUNT);
    switch (source) {
      case KeyValues.Ragged(Tensor keys, Tensor values) -> {
        int row = block.start() + base;
        int column = block.kvHead() * size;
        copyKeys(natural, 0, keys, row, column, count);
        copyValues(at, 0, values, row, column, count);
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
          if (paged.format() == CacheFormat.F32) {
            copyKeys(natural, j, paged.keys().get(slab), row, 0, run);
            copyValues(at, j, paged.values().get(slab), row, 0, run);
          } else {
            convert(natural, at, j, paged, slab, row, run);
          }
          j += run;
        }
      }
    }
    for (int first = 0; first < count; first += WIDTH) {
      transpose(k, at + first * size, natural, first * size, size);
    }
  }

  private void copyKeys(float[] natural, int key, Tensor x, int row, int column, int count) {
    long offset = 4 * ((long) row * x.stride() + column);
    Lanes.copyRows(natural, key * size, x.data(), offset, x.stride(), count, size);
  }

  private void convert(
      float[] natural, int at, int key, KeyValues.Paged cache, int slab, int row, int count) {
    CacheRows.load(natural, key * size, cache.keys(), cache.keyScales(), slab, row, count);
    float[] values = valueRows.floats(KEYS * size + COUNT);
    CacheRows.load(values, 0, cache.values(), cache.valueScales(), slab, row, count);
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < size; c += COUNT) {
        int to = at + (key + i) * WIDTH + c / WIDTH * (KEYS * WIDTH) + c % WIDTH;
        // Numbers of the next row in the lanes behind the last one: nobody's columns.
        FloatVector.fromArray(FLOATS, values, i * size + c).intoArray(v, to);
      }
    }
  }

  /** One panel of keys: number {@code i} of all of them, side by side. */
  private static void transpose(float[] out, int at, float[] x, int from, int size) {
    for (int key = 0; key < WIDTH; key++) {
      int row = from + key * size;
      int to = at + key;
      for (int i = 0; i < size; i++) {
        out[to + i * WIDTH] = x[row + i];
      }
    }
  }

  private void copyValues(int at, int key, Tensor x, int row, int column, int count) {
    for (int i = 0; i < count; i++) {
      long offset = 4 * ((long) (row + i) * x.stride() + column);
      copyValues(v, at + (key + i) * WIDTH, x.data(), offset, size);
    }
  }

  private static void copyValues(float[] out, int at, MemorySegment x, long offset, int size) {
    for (int c = 0; c < size; c += COUNT) {
      int to = at + c / WIDTH * (KEYS * WIDTH) + c % WIDTH;
      if (c + COUNT <= size) {
        FloatVector.fromMemorySegment(FLOATS, x, offset + 4L * c, ORDER).intoArray(out, to);
      } else {
        VectorMask<Float> rest = FLOATS.indexInRange(c, size);
        FloatVector.fromMemorySegment(FLOATS, x, offset + 4L * c, ORDER, rest).intoArray(out, to);
      }
    }
  }

  /** The packed keys: from where a block starts, panels of {@code headSize} rows. */
  float[] keys() {
    return k;
  }

  /** The packed values: from where a block starts, panels of {@link #KEYS} rows. */
  float[] values() {
    return v;
  }
}
