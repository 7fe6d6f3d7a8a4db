package org.vesalius.runtime.layers;

import java.util.Arrays;

/** The pages of one sequence in a {@link KvCache}. Owned by one request; not thread-safe. */
public final class CachedSequence implements AutoCloseable {
  private final KvCache cache;
  private int[] pages = new int[0];
  private int count;
  private int length;

  /** An empty sequence. */
  public CachedSequence(KvCache cache) {
    this.cache = cache;
  }

  /** Tokens in the cache. */
  public int length() {
    return length;
  }

  /** Pages held. */
  int pageCount() {
    return count;
  }

  /** The {@code index}-th page. */
  int page(int index) {
    return pages[index];
  }

  /** Adds {@code tokens} tokens at the end, taking pages as needed. */
  public void extend(int tokens) {
    int needed = Math.ceilDiv(length + tokens, KvCache.PAGE_SIZE);
    if (needed > pages.length) {
      pages = Arrays.copyOf(pages, Math.max(needed, 2 * pages.length));
    }
    while (count < needed) {
      pages[count] = cache.takePage();
      count++;
    }
    length += tokens;
  }

  /** Where token {@code index} lies, as {@code Kernels.rotateAndCache} wants it. */
  int slot(int index) {
    return pages[index / KvCache.PAGE_SIZE] * KvCache.PAGE_SIZE + index % KvCache.PAGE_SIZE;
  }

  /** Gives the pages back. Idempotent. */
  @Override
  public void close() {
    while (count > 0) {
      cache.releasePage(pages[--count]);
    }
    length = 0;
  }
}
