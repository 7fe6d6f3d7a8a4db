package org.vesalius.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vesalius.kernels.Weight;

/** Rounds rows to {@link Weight.Int4}. */
final class NibbleGroups {
  private static final int GROUP = Weight.Int4.GROUP;
  private static final int BYTES = Weight.Int4.GROUP_BYTES;

  private NibbleGroups() {}

  /** Writes {@code count} rows from row {@code first} on. */
  static void write(
      MemorySegment data,
      MemorySegment scales,
      MemorySegment minimums,
      float[] numbers,
      int first,
      int count,
      int columns) {
    int groups = Weight.Int4.groups(columns);
    NibbleSearch search = new NibbleSearch();
    byte[] bytes = new byte[NibbleSearch.SIDE * BYTES];
    int all = count * groups;
    for (int from = 0; from < all; from += NibbleSearch.SIDE) {
      int side = Math.min(NibbleSearch.SIDE, all - from);
      for (int g = 0; g < side; g++) {
        int row = (from + g) / groups;
        int column = (from + g) % groups * GROUP;
        int width = Math.min(GROUP, columns - column);
        search.set(g, numbers, row * columns + column, width);
      }
      search.clear(side);
      search.run();
      for (int g = 0; g < side; g++) {
        if (!search.finite(g)) {
          int row = first + (from + g) / groups;
          throw Quantizer.unfit(
              row, "finite numbers within the range of binary16", search.largest(g));
        }
      }
      search.pack(bytes, side);
      long at = (long) first * groups + from;
      MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, at * BYTES, side * BYTES);
      MemorySegment.copy(search.scales(), 0, scales, ValueLayout.JAVA_SHORT, 2 * at, side);
      MemorySegment.copy(search.minimums(), 0, minimums, ValueLayout.JAVA_SHORT, 2 * at, side);
    }
  }
}
