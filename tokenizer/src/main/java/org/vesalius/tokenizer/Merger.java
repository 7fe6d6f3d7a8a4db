package org.vesalius.tokenizer;

import java.util.Arrays;

/**
 * Does the merges of one piece: always the one of lowest rank, the leftmost of equals, until none
 * is left.
 *
 * <p>Short pieces look for the next merge in a plain scan. Long ones keep the candidates in a heap
 * and the symbols in a linked list, which is O(n log n): a hundred kilobytes without a space are
 * one piece. Scratch memory; not thread-safe.
 */
final class Merger {
  /** Longest piece, in symbols, for which scanning is faster than the heap. */
  static final int SCAN_LIMIT = 96;

  private final MergeTable merges;
  private long[] candidates = new long[SCAN_LIMIT];
  private int[] previous = {};
  private int[] next = {};
  private long[] heap = {};
  private int heapSize;

  Merger(MergeTable merges) {
    this.merges = merges;
  }

  /** Merges {@code symbols[0, count)} in place and returns how many are left. */
  int merge(int[] symbols, int count) {
    return count <= SCAN_LIMIT ? scan(symbols, count) : heap(symbols, count);
  }

  /** The plain scan, quadratic in the length. */
  int scan(int[] symbols, int count) {
    if (candidates.length < count) {
      candidates = new long[count];
    }
    long[] pairs = candidates;
    for (int i = 0; i + 1 < count; i++) {
      pairs[i] = merges.get(symbols[i], symbols[i + 1]);
    }
    while (count > 1) {
      long best = MergeTable.NONE;
      int at = -1;
      for (int i = 0; i + 1 < count; i++) {
        if (pairs[i] < best) {
          best = pairs[i];
          at = i;
        }
      }
      if (at < 0) {
        break;
      }
      symbols[at] = (int) best;
      count--;
      for (int i = at + 1; i < count; i++) {
        symbols[i] = symbols[i + 1];
        pairs[i] = i + 1 < count ? pairs[i + 1] : MergeTable.NONE;
      }
      if (at + 1 < count) {
        pairs[at] = merges.get(symbols[at], symbols[at + 1]);
      }
      if (at > 0) {
        pairs[at - 1] = merges.get(symbols[at - 1], symbols[at]);
      }
    }
    return count;
  }

  /** The heap, for any length. */
  int heap(int[] symbols, int count) {
    if (next.length < count) {
      candidates = new long[count];
      previous = new int[count];
      next = new int[count];
    }
    heapSize = 0;
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
      offer(symbols, i, count);
    }
    while (heapSize > 0) {
      long top = poll();
      int at = (int) top;
      // A neighbour has changed since the entry was made: the pair it spoke of is no longer there.
      if (candidates[at] >>> 32 != top >>> 32) {
        continue;
      }
      int right = next[at];
      int after = next[right];
      symbols[at] = (int) candidates[at];
      candidates[right] = MergeTable.NONE;
      next[at] = after;
      if (after < count) {
        previous[after] = at;
      }
      offer(symbols, at, count);
      if (previous[at] >= 0) {
        offer(symbols, previous[at], count);
      }
    }
    int kept = 0;
    for (int i = 0; i < count; i = next[i]) {
      symbols[kept++] = symbols[i];
    }
    return kept;
  }

  private void offer(int[] symbols, int at, int count) {
    long merge = next[at] < count ? merges.get(symbols[at], symbols[next[at]]) : MergeTable.NONE;
    candidates[at] = merge;
    if (merge != MergeTable.NONE) {
      push((merge & 0xFFFFFFFF00000000L) | at);
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, Math.max(2 * heapSize, 256));
    }
    int i = heapSize++;
    while (i > 0 && heap[(i - 1) >>> 1] > entry) {
      heap[i] = heap[(i - 1) >>> 1];
      i = (i - 1) >>> 1;
    }
    heap[i] = entry;
  }

  private long poll() {
    long top = heap[0];
    long last = heap[--heapSize];
    int i = 0;
    while (2 * i + 1 < heapSize) {
      int child = 2 * i + 1;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}
