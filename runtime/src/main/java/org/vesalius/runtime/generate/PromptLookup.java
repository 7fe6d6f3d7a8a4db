package org.vesalius.runtime.generate;

import java.util.Arrays;
import org.vesalius.runtime.DraftAcceptance;

/**
 * Guesses what a model writes next from what stands in the prompt and the answer already (prompt
 * lookup decoding, Saxena 2023): where the last tokens occurred before, what followed them then.
 * One per request, not thread-safe.
 *
 * <p>It looks for the last {@value #LONGEST} tokens, then for fewer, down to {@value #SHORTEST},
 * and takes the latest place before the end. A guess that reaches the end goes on with itself, so
 * that text which repeats is guessed as far as one likes. Every n-gram is in a hash table with its
 * latest place: constant time for a token on average, and memory linear in the tokens, about 40
 * bytes each.
 *
 * <p>Guesses are at most as long as a {@link GuessLimit}.
 */
final class PromptLookup implements Guesses {
  static final int LONGEST = 4;
  static final int SHORTEST = 2;

  private static final int[] NONE = {};

  private int[] ids;
  private int length;
  private final Places[] places = new Places[LONGEST - SHORTEST + 1];

  private final GuessLimit limit = new GuessLimit();
  private DraftAcceptance acceptance = DraftAcceptance.NONE;

  /** Knows a prompt. */
  PromptLookup(int[] prompt) {
    ids = new int[Math.max(64, prompt.length)];
    for (int n = SHORTEST; n <= LONGEST; n++) {
      places[n - SHORTEST] = new Places(n, prompt.length);
    }
    for (int id : prompt) {
      add(id);
    }
  }

  @Override
  public void add(int id) {
    // Only now do the n-grams that ended before it have something that follows them.
    for (Places of : places) {
      if (length >= of.size) {
        of.put(length);
      }
    }
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, 2 * length);
    }
    ids[length++] = id;
  }

  @Override
  public int[] propose(int most) {
    if (most <= 0) {
      return NONE;
    }
    int from = match();
    if (from < 0 || limit.pauses()) {
      return NONE;
    }
    int[] guess = new int[Math.min(most, limit.most())];
    for (int i = 0; i < guess.length; i++) {
      int at = from + i;
      guess[i] = at < length ? ids[at] : guess[at - length];
    }
    return guess;
  }

  /** What followed the latest occurrence of the longest suffix: an index, or -1. */
  private int match() {
    for (int i = places.length - 1; i >= 0; i--) {
      if (length >= places[i].size) {
        int from = places[i].get(length);
        if (from >= 0) {
          return from;
        }
      }
    }
    return -1;
  }

  @Override
  public void checked(int proposed, int accepted) {
    acceptance = acceptance.plus(proposed, accepted);
    limit.checked(proposed, accepted);
  }

  @Override
  public DraftAcceptance acceptance() {
    return acceptance;
  }

  /** Where each n-gram of one length ended last: a hash table with linear probing. */
  private final class Places {
    private final int size;

    /** Ends of n-grams, exclusive; 0 is a free place. */
    private int[] ends;

    private int used;

    Places(int size, int tokens) {
      this.size = size;
      ends = new int[Math.max(64, Integer.highestOneBit(Math.max(1, tokens)) * 4)];
    }

    /** Remembers the n-gram that ends before {@code end} as the latest of its kind. */
    void put(int end) {
      int slot = slot(end);
      if (ends[slot] == 0) {
        used++;
      }
      ends[slot] = end;
      if (2 * used > ends.length) {
        grow();
      }
    }

    /** Where the same n-gram as the one before {@code end} ended last, or -1. */
    int get(int end) {
      int found = ends[slot(end)];
      return found == 0 ? -1 : found;
    }

    /** The place of the n-gram, or the free one where it belongs. */
    private int slot(int end) {
      int hash = 0;
      for (int i = end - size; i < end; i++) {
        hash = (hash + ids[i]) * 0x9E3779B1;
        hash ^= hash >>> 15;
      }
      int mask = ends.length - 1;
      int slot = hash & mask;
      while (ends[slot] != 0 && !equal(ends[slot], end)) {
        slot = slot + 1 & mask;
      }
      return slot;
    }

    private boolean equal(int end, int other) {
      for (int i = 1; i <= size; i++) {
        if (ids[end - i] != ids[other - i]) {
          return false;
        }
      }
      return true;
    }

    private void grow() {
      int[] before = ends;
      ends = new int[2 * before.length];
      for (int end : before) {
        if (end != 0) {
          ends[slot(end)] = end;
        }
      }
    }
  }
}
