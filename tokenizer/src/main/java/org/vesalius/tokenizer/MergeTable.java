package org.vesalius.tokenizer;

import java.util.Arrays;

/**
 * Merges by the pair of ids they join: open addressing in one array, key and value side by side, at
 * most half full.
 *
 * <p>A merge is one long, its rank in the upper half and the id it makes in the lower, so that the
 * smaller of two is the one to be done first.
 */
final class MergeTable {
  /** What {@link #get} answers for a pair that does not merge; larger than every merge. */
  static final long NONE = Long.MAX_VALUE;

  private static final long EMPTY = -1;

  private final long[] table;
  private final int mask;
  private final int shift;

  MergeTable(int expected) {
    int bits = 32 - Integer.numberOfLeadingZeros(Math.max(expected, 8) * 2 - 1);
    table = new long[2 << bits];
    Arrays.fill(table, EMPTY);
    mask = (1 << bits) - 1;
    shift = 64 - bits;
  }

  /** Adds a merge; one that is there already for the pair is replaced, as the reference does. */
  void put(int left, int right, int rank, int merged) {
    long key = key(left, right);
    int slot = slot(key);
    while (table[2 * slot] != EMPTY && table[2 * slot] != key) {
      slot = (slot + 1) & mask;
    }
    table[2 * slot] = key;
    table[2 * slot + 1] = ((long) rank << 32) | merged;
  }

  /** The merge of two neighbours, or {@link #NONE}. */
  long get(int left, int right) {
    long key = key(left, right);
    for (int slot = slot(key); ; slot = (slot + 1) & mask) {
      long found = table[2 * slot];
      if (found == key) {
        return table[2 * slot + 1];
      }
      if (found == EMPTY) {
        return NONE;
      }
    }
  }

  private int slot(long key) {
    return (int) ((key * 0x9E3779B97F4A7C15L) >>> shift);
  }

  private static long key(int left, int right) {
    return ((long) left << 32) | right;
  }
}
