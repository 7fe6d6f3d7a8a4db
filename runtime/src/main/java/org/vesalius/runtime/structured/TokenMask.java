package org.vesalius.runtime.structured;

import java.util.Arrays;

/** Which tokens may come next. Immutable. */
public final class TokenMask {
  private final int size;
  private final int count;

  /** A bit for each token; empty in a sparse mask. */
  private final long[] words;

  private final int[] ids;
  private final boolean sparse;

  private TokenMask(int size, int count, long[] words, int[] ids, boolean sparse) {
    this.size = size;
    this.count = count;
    this.words = words;
    this.ids = ids;
    this.sparse = sparse;
  }

  /** The mask of a bit set, which is not copied where it is kept. */
  static TokenMask of(long[] bits, int size) {
    int count = 0;
    for (long word : bits) {
      count += Long.bitCount(word);
    }
    if (count >= bits.length) {
      return new TokenMask(size, count, bits, new int[0], false);
    }
    int[] ids = new int[count];
    int used = 0;
    for (int i = 0; i < bits.length; i++) {
      for (long word = bits[i]; word != 0; word &= word - 1) {
        ids[used++] = 64 * i + Long.numberOfTrailingZeros(word);
      }
    }
    return new TokenMask(size, count, new long[0], ids, true);
  }

  /** Whether a token may come next. */
  public boolean allows(int id) {
    if (id < 0 || id >= size) {
      return false;
    }
    return sparse ? Arrays.binarySearch(ids, id) >= 0 : (words[id >> 6] >>> id & 1) != 0;
  }

  /** How many ids there are, from 0 on; those of a model's logits after them are not allowed. */
  public int size() {
    return size;
  }

  /** How many tokens are allowed. */
  public int count() {
    return count;
  }

  /** How many longs {@link #copyTo} writes: one for each 64 ids, rounded up. */
  public int wordCount() {
    return (size + 63) / 64;
  }

  /**
   * Writes the mask as bits: that of token {@code id} is bit {@code id % 64} of long {@code offset
   * + id / 64}.
   */
  public void copyTo(long[] target, int offset) {
    if (!sparse) {
      System.arraycopy(words, 0, target, offset, words.length);
      return;
    }
    Arrays.fill(target, offset, offset + wordCount(), 0);
    for (int id : ids) {
      target[offset + (id >> 6)] |= 1L << id;
    }
  }

  /** Whether few tokens are allowed, less than one in 64: then {@link #ids} is the cheaper view. */
  public boolean isSparse() {
    return sparse;
  }

  /** The ids of the allowed tokens, ascending. */
  public int[] ids() {
    if (sparse) {
      return ids.clone();
    }
    int[] all = new int[count];
    int used = 0;
    for (int i = 0; i < words.length; i++) {
      for (long word = words[i]; word != 0; word &= word - 1) {
        all[used++] = 64 * i + Long.numberOfTrailingZeros(word);
      }
    }
    return all;
  }

  int byteSize() {
    return 8 * words.length + 4 * ids.length + 64;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenMask mask
        && size == mask.size
        && Arrays.equals(words, mask.words)
        && Arrays.equals(ids, mask.ids);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(words) + Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return count + " of " + size + " tokens";
  }
}
