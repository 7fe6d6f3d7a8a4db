package org.vesalius.kernels.cuda;

import org.vesalius.kernels.KeyValues;

/**
 * Where the device finds the addresses of a cache's slabs.
 *
 * @param format {@code enum VesaliusKeyValues}
 */
record CachePointers(long keys, long values, long keyScales, long valueScales, int format) {

  static CachePointers of(AddressTables tables, KeyValues.Paged cache) {
    long list = tables.of(cache);
    long bytes = (long) cache.keys().size() * Long.BYTES;
    boolean scaled = cache.format().scaled();
    int format =
        switch (cache.format()) {
          case BF16 -> 1;
          case INT8 -> 2;
          case F32 -> 3;
        };
    return new CachePointers(
        list, list + bytes, scaled ? list + 2 * bytes : 0, scaled ? list + 3 * bytes : 0, format);
  }
}
