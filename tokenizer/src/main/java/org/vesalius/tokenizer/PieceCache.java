package org.vesalius.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The ids of pieces seen before, in a fixed number of places: a new piece takes the place of an old
 * one. Text repeats its words, and a word found here needs no merging.
 *
 * <p>Shared by all threads without locks. Entries are immutable, so a reader sees a whole one or
 * none; two writers may overwrite each other, which costs a later merge and nothing else. At most
 * {@link #PLACES} pieces of at most {@link #LONGEST} UTF-16 units are kept, as long as the
 * tokenizer lives.
 */
final class PieceCache {
  /** Longest piece that is kept, in UTF-16 units. */
  static final int LONGEST = 48;

  static final int PLACES = 1 << 15;

  private final @Nullable Entry[] places = new @Nullable Entry[PLACES];

  static int hash(char[] text, int start, int end) {
    int hash = end - start;
    for (int i = start; i < end; i++) {
      hash = hash * 31 + text[i];
    }
    hash *= 0x9E3779B1;
    return hash ^ (hash >>> 15);
  }

  /** The ids of a piece, not to be written to, or null. */
  int @Nullable [] find(int hash, char[] text, int start, int end) {
    Entry first = places[hash & (PLACES - 1)];
    if (first != null && first.is(hash, text, start, end)) {
      return first.ids;
    }
    Entry second = places[(hash & (PLACES - 1)) ^ 1];
    return second != null && second.is(hash, text, start, end) ? second.ids : null;
  }

  void put(int hash, char[] text, int start, int end, int[] ids) {
    Entry entry = new Entry(hash, Arrays.copyOfRange(text, start, end), ids);
    int place = hash & (PLACES - 1);
    // The older of two pieces that share a pair of places moves over and pushes out the oldest.
    places[place ^ 1] = places[place];
    places[place] = entry;
  }

  private static final class Entry {
    private final int hash;
    private final char[] text;
    private final int[] ids;

    Entry(int hash, char[] text, int[] ids) {
      this.hash = hash;
      this.text = text;
      this.ids = ids;
    }

    boolean is(int otherHash, char[] other, int start, int end) {
      return hash == otherHash && Arrays.equals(text, 0, text.length, other, start, end);
    }
  }
}
