package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which pages of a cache sequences hold, which are free, and which are retained: nobody holds
 * those, but it is known what they contain, and a sequence that begins alike takes them as they
 * are. Of the retained ones the least recently held goes first when a page is needed. Not
 * thread-safe.
 */
final class PagePool {
  private final long maxPages;
  private final long maxRetained;
  private final List<Integer> free = new ArrayList<>();
  private final Map<ContentKey, Integer> pages = new HashMap<>();

  /** Least recently held first. */
  private final LinkedHashSet<Integer> retained = new LinkedHashSet<>();

  private int[] references = new int[0];
  private int shared;
  private @Nullable ContentKey[] keys = new ContentKey[0];

  /**
   * A pool without pages.
   *
   * @param maxPages how many it may have; the last slab may go beyond
   * @param maxRetained how many pages that nobody holds may be kept for their contents
   */
  PagePool(long maxPages, long maxRetained) {
    this.maxPages = maxPages;
    this.maxRetained = maxRetained;
  }

  /** Whether {@link #take} needs more pages first. */
  boolean mustGrow() {
    return free.isEmpty() && (retained.isEmpty() || mayGrow());
  }

  boolean mayGrow() {
    return references.length < maxPages;
  }

  /** Adds free pages, which get the next numbers. */
  void grow(int count) {
    int first = references.length;
    references = Arrays.copyOf(references, first + count);
    keys = Arrays.copyOf(keys, first + count);
    for (int page = references.length - 1; page >= first; page--) {
      free.add(page);
    }
  }

  /** A page for a sequence; there is one. */
  int take() {
    int page = free.isEmpty() ? forgetOldest() : free.removeLast();
    references[page] = 1;
    return page;
  }

  private int forgetOldest() {
    int page = retained.removeFirst();
    forget(page);
    return page;
  }

  private void forget(int page) {
    pages.remove(keys[page]);
    keys[page] = null;
  }

  /** Holds a page that another sequence holds. */
  void share(int page) {
    if (references[page] == 0) {
      throw new IllegalStateException("page " + page + " is free and cannot be shared");
    }
    reference(page);
  }

  private void reference(int page) {
    if (++references[page] == 2) {
      shared++;
    }
  }

  /** Lets a page go; it is free or retained when nobody else holds it. */
  void release(int page) {
    if (references[page] == 0) {
      throw new IllegalStateException("page " + page + " is free already");
    }
    if (--references[page] > 0) {
      shared -= references[page] == 1 ? 1 : 0;
      return;
    }
    if (keys[page] == null) {
      free.add(page);
      return;
    }
    retained.addLast(page);
    if (retained.size() > maxRetained) {
      free.add(forgetOldest());
    }
  }

  /**
   * Says what a page that is held contains; of several pages with one content the first is kept.
   */
  void publish(int page, ContentKey key) {
    if (maxRetained > 0 && keys[page] == null && pages.putIfAbsent(key, page) == null) {
      keys[page] = key;
    }
  }

  /** Holds the page with this content; -1 if there is none. */
  int find(ContentKey key) {
    Integer page = pages.get(key);
    if (page == null) {
      return -1;
    }
    retained.remove(page);
    reference(page);
    return page;
  }

  /** Pages that sequences hold. */
  int held() {
    return references.length - free.size() - retained.size();
  }

  /** Pages that several sequences hold. */
  int shared() {
    return shared;
  }

  /** Pages that are kept for what they contain. */
  int retained() {
    return retained.size();
  }

  /** Pages that could still be taken. */
  long available() {
    return Math.max(0, maxPages - references.length) + free.size() + retained.size();
  }
}
