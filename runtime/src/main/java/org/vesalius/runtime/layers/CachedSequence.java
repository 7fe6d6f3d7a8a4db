package org.vesalius.runtime.layers;

import java.util.Arrays;
import java.util.List;

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

  /**
   * Begins with the pages that have these contents, as many as the cache knows without a gap; for
   * an empty sequence.
   *
   * @return how many tokens the sequence has then
   */
  public int adopt(List<ContentKey> keys) {
    if (count > 0) {
      throw new IllegalStateException("expected an empty sequence, found " + length + " tokens");
    }
    pages = new int[keys.size()];
    for (ContentKey key : keys) {
      int page = cache.findPage(key);
      if (page < 0) {
        break;
      }
      pages[count++] = page;
    }
    length = count * KvCache.PAGE_SIZE;
    return length;
  }

  /** Says what the {@code index}-th page contains, which is full and will not change. */
  public void publish(int index, ContentKey key) {
    if ((index + 1) * KvCache.PAGE_SIZE > length) {
      throw new IllegalStateException(
          "page " + index + " of a sequence of " + length + " tokens is not full");
    }
    cache.publishPage(pages[index], key);
  }

  /** How many more pages {@code tokens} further tokens need. */
  public int pagesFor(int tokens) {
    return Math.max(0, Math.ceilDiv(length + tokens, KvCache.PAGE_SIZE) - count);
  }

  /** Forgets all but the first {@code tokens} tokens. */
  public void truncate(int tokens) {
    if (tokens > length) {
      throw new IllegalStateException("expected at most " + length + " tokens, found " + tokens);
    }
    int needed = Math.ceilDiv(tokens, KvCache.PAGE_SIZE);
    while (count > needed) {
      cache.releasePage(pages[--count]);
    }
    length = tokens;
  }

  /** Where token {@code index} lies, as {@code Kernels.rotateAndCache} wants it. */
  int slot(int index) {
    return pages[index / KvCache.PAGE_SIZE] * KvCache.PAGE_SIZE + index % KvCache.PAGE_SIZE;
  }

  /** Gives the pages back. Idempotent. */
  @Override
  public void close() {
    truncate(0);
  }
}
