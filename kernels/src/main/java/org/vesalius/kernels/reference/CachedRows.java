package org.vesalius.kernels.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.vesalius.kernels.Bfloat16;
import org.vesalius.kernels.Contents;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/** One half of a cache, its keys or its values, row by row: how numbers are stored and read. */
final class CachedRows {
  private static final float LARGEST_INTEGER = 127;

  private final KeyValues.Paged cache;
  private final List<Tensor> slabs;
  private final List<Tensor> scales;

  private CachedRows(KeyValues.Paged cache, List<Tensor> slabs, List<Tensor> scales) {
    this.cache = cache;
    this.slabs = slabs;
    this.scales = scales;
  }

  static CachedRows keys(KeyValues.Paged cache) {
    return new CachedRows(cache, cache.keys(), cache.keyScales());
  }

  static CachedRows values(KeyValues.Paged cache) {
    return new CachedRows(cache, cache.values(), cache.valueScales());
  }

  /** Row of one head of the token in a slot, in the slab of its page. */
  private int row(int slot, int head) {
    int page = slot / cache.pageSize();
    return (page % cache.pagesPerSlab() * cache.kvHeads() + head) * cache.pageSize()
        + slot % cache.pageSize();
  }

  private int slab(int slot) {
    return slot / cache.pageSize() / cache.pagesPerSlab();
  }

  /** The slot of a token of a sequence. */
  int slot(int sequence, int token) {
    int page = Contents.integer(cache.pageTable(), sequence, token / cache.pageSize());
    return page * cache.pageSize() + token % cache.pageSize();
  }

  /** Stores one head of a token. */
  void store(int slot, int head, float[] x) {
    int row = row(slot, head);
    Tensor slab = slabs.get(slab(slot));
    MemorySegment data = slab.data();
    long first = (long) row * slab.stride();
    switch (cache.format()) {
      case F32 -> {
        for (int i = 0; i < x.length; i++) {
          data.set(ValueLayout.JAVA_FLOAT, 4 * (first + i), x[i]);
        }
      }
      case BF16 -> {
        for (int i = 0; i < x.length; i++) {
          data.set(ValueLayout.JAVA_SHORT, 2 * (first + i), Bfloat16.round(x[i]));
        }
      }
      case INT8 -> {
        float scale = scale(x);
        scales.get(slab(slot)).data().set(ValueLayout.JAVA_FLOAT, 4L * row, scale);
        for (int i = 0; i < x.length; i++) {
          double integer = scale == 0 ? 0 : Math.rint(x[i] / scale);
          data.set(ValueLayout.JAVA_BYTE, first + i, (byte) integer);
        }
      }
    }
  }

  private static float scale(float[] x) {
    float largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
    }
    float scale = largest / LARGEST_INTEGER;
    return scale < Float.MIN_NORMAL ? 0 : scale;
  }

  /** Reads one head of a token. */
  void load(double[] out, int slot, int head) {
    int row = row(slot, head);
    Tensor slab = slabs.get(slab(slot));
    MemorySegment data = slab.data();
    long first = (long) row * slab.stride();
    switch (cache.format()) {
      case F32 -> StoredNumbers.floats(out, data, first);
      case BF16 -> StoredNumbers.brainFloats(out, data, first);
      case INT8 -> {
        double scale = scales.get(slab(slot)).data().get(ValueLayout.JAVA_FLOAT, 4L * row);
        byte[] stored = new byte[out.length];
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, first, stored, 0, out.length);
        for (int i = 0; i < out.length; i++) {
          out[i] = stored[i] * scale;
        }
      }
    }
  }
}
