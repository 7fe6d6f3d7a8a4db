package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/** Keys and values as {@code struct vesalius_key_values}, in memory that is used again. */
final class CacheStruct implements AutoCloseable {
  private static final long BYTES = 96;
  private static final long KEYS = 0;
  private static final long VALUES = 8;
  private static final long KEY_SCALES = 16;
  private static final long VALUE_SCALES = 24;
  private static final long PAGE_TABLE = 32;
  private static final long PAGE_TABLE_STRIDE = 40;
  private static final long PAGE_SIZE = 48;
  private static final long PAGES_PER_SLAB = 56;
  private static final long KEY_STRIDE = 64;
  private static final long VALUE_STRIDE = 72;
  private static final long FORMAT = 80;
  private static final long KV_HEADS = 84;
  private static final long HEAD_SIZE = 88;

  private final NativeBuffer buffer = new NativeBuffer();

  /** Writes it and gives its address. */
  long write(KeyValues keyValues, int kvHeads, int headSize) {
    return switch (keyValues) {
      case KeyValues.Ragged ragged -> ragged(ragged, kvHeads, headSize);
      case KeyValues.Paged paged -> paged(paged, headSize);
    };
  }

  private long ragged(KeyValues.Ragged ragged, int kvHeads, int headSize) {
    MemorySegment memory = buffer.ofSize(BYTES + 2 * Long.BYTES);
    long keys = memory.address() + BYTES;
    memory.set(JAVA_LONG, BYTES, Addresses.of(ragged.keys()));
    memory.set(JAVA_LONG, BYTES + Long.BYTES, Addresses.of(ragged.values()));
    memory.set(JAVA_LONG, KEYS, keys);
    memory.set(JAVA_LONG, VALUES, keys + Long.BYTES);
    memory.set(JAVA_LONG, KEY_SCALES, 0L);
    memory.set(JAVA_LONG, VALUE_SCALES, 0L);
    memory.set(JAVA_LONG, PAGE_TABLE, 0L);
    memory.set(JAVA_LONG, PAGE_TABLE_STRIDE, 0L);
    memory.set(JAVA_LONG, PAGE_SIZE, 0L);
    memory.set(JAVA_LONG, PAGES_PER_SLAB, 0L);
    memory.set(JAVA_LONG, KEY_STRIDE, ragged.keys().stride());
    memory.set(JAVA_LONG, VALUE_STRIDE, ragged.values().stride());
    memory.set(JAVA_INT, FORMAT, format(CacheFormat.F32));
    memory.set(JAVA_INT, KV_HEADS, kvHeads);
    memory.set(JAVA_INT, HEAD_SIZE, headSize);
    return memory.address();
  }

  private long paged(KeyValues.Paged paged, int headSize) {
    int slabs = paged.keys().size();
    MemorySegment memory = buffer.ofSize(BYTES + 4L * slabs * Long.BYTES);
    boolean scaled = paged.format().scaled();
    long keys = BYTES;
    long values = keys + (long) slabs * Long.BYTES;
    long keyScales = values + (long) slabs * Long.BYTES;
    long valueScales = keyScales + (long) slabs * Long.BYTES;
    addresses(memory, keys, paged.keys());
    addresses(memory, values, paged.values());
    addresses(memory, keyScales, paged.keyScales());
    addresses(memory, valueScales, paged.valueScales());
    long address = memory.address();
    memory.set(JAVA_LONG, KEYS, address + keys);
    memory.set(JAVA_LONG, VALUES, address + values);
    memory.set(JAVA_LONG, KEY_SCALES, scaled ? address + keyScales : 0);
    memory.set(JAVA_LONG, VALUE_SCALES, scaled ? address + valueScales : 0);
    memory.set(JAVA_LONG, PAGE_TABLE, Addresses.of(paged.pageTable()));
    memory.set(JAVA_LONG, PAGE_TABLE_STRIDE, paged.pageTable().stride());
    memory.set(JAVA_LONG, PAGE_SIZE, paged.pageSize());
    memory.set(JAVA_LONG, PAGES_PER_SLAB, paged.pagesPerSlab());
    memory.set(JAVA_LONG, KEY_STRIDE, 0L);
    memory.set(JAVA_LONG, VALUE_STRIDE, 0L);
    memory.set(JAVA_INT, FORMAT, format(paged.format()));
    memory.set(JAVA_INT, KV_HEADS, paged.kvHeads());
    memory.set(JAVA_INT, HEAD_SIZE, headSize);
    return address;
  }

  private static void addresses(MemorySegment memory, long at, List<Tensor> slabs) {
    for (int i = 0; i < slabs.size(); i++) {
      memory.set(JAVA_LONG, at + (long) i * Long.BYTES, Addresses.of(slabs.get(i)));
    }
  }

  /** {@code enum vesalius_cache_format}. */
  static int format(CacheFormat format) {
    return switch (format) {
      case F32 -> 0;
      case BF16 -> 1;
      case INT8 -> 2;
    };
  }

  @Override
  public void close() {
    buffer.close();
  }
}
