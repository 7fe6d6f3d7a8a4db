package org.vesalius.runtime.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The pool against a model that is slow and simple: lists, and everything counted anew. */
class PagePoolTest {
  private static final int SLAB = 4;
  private static final int KEYS = 12;

  private static ContentKey key(int content) {
    return new ContentKey(content, 0, 0, 0);
  }

  /** What a pool should be like. */
  private static final class Model {
    final long maxPages;
    final long maxRetained;
    int size;

    /** By page; those that nobody holds have none. */
    final Map<Integer, Integer> references = new HashMap<>();

    /** By page. */
    final Map<Integer, ContentKey> contents = new HashMap<>();

    /** The least recently held first. */
    final List<Integer> retained = new ArrayList<>();

    Model(long maxPages, long maxRetained) {
      this.maxPages = maxPages;
      this.maxRetained = maxRetained;
    }

    int free() {
      return size - references.size() - retained.size();
    }

    @Nullable Integer holder(ContentKey key) {
      return contents.entrySet().stream()
          .filter(entry -> entry.getValue().equals(key))
          .map(Map.Entry::getKey)
          .findAny()
          .orElse(null);
    }

    void taken(int page) {
      assertFalse(references.containsKey(page), () -> "page " + page + " is held by somebody");
      if (free() > 0) {
        assertFalse(retained.contains(page), () -> "page " + page + " was forgotten without need");
      } else {
        assertEquals(retained.removeFirst(), page, "the least recently held");
        contents.remove(page);
      }
      references.put(page, 1);
    }

    void released(int page) {
      int left = Objects.requireNonNull(references.get(page)) - 1;
      if (left > 0) {
        references.put(page, left);
        return;
      }
      references.remove(page);
      if (contents.containsKey(page)) {
        retained.add(page);
        if (retained.size() > maxRetained) {
          contents.remove(retained.removeFirst());
        }
      }
    }

    void published(int page, ContentKey key) {
      if (maxRetained > 0 && !contents.containsKey(page) && holder(key) == null) {
        contents.put(page, key);
      }
    }

    void found(ContentKey key, int page) {
      Integer expected = holder(key);
      assertEquals(expected == null ? -1 : expected, page, () -> "holder of " + key);
      if (page >= 0) {
        retained.remove((Integer) page);
        references.merge(page, 1, Integer::sum);
      }
    }

    void check(PagePool pool) {
      assertEquals(references.size(), pool.held());
      assertEquals(retained.size(), pool.retained());
      assertEquals(references.values().stream().filter(count -> count > 1).count(), pool.shared());
      assertEquals(Math.max(0, maxPages - size) + size - references.size(), pool.available());
      assertEquals(size < maxPages, pool.mayGrow());
      assertEquals(free() == 0 && (retained.isEmpty() || size < maxPages), pool.mustGrow());
    }
  }

  @Test
  void aPoolCountsAsASimpleModelDoes() {
    for (int seed = 0; seed < 300; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int maxPages = 1 + random.nextInt(20);
      int maxRetained = random.nextInt(4) == 0 ? 0 : random.nextInt(12);
      PagePool pool = new PagePool(maxPages, maxRetained);
      Model model = new Model(maxPages, maxRetained);
      List<Integer> holds = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        act(random, pool, model, holds);
        model.check(pool);
      }
      while (!holds.isEmpty()) {
        int page = holds.removeLast();
        pool.release(page);
        model.released(page);
        model.check(pool);
      }
      assertEquals(0, pool.held());
      assertEquals(0, pool.shared());
    }
  }

  private static void act(
      SplittableRandom random, PagePool pool, Model model, List<Integer> holds) {
    int content = random.nextInt(KEYS);
    int some = holds.isEmpty() ? -1 : holds.get(random.nextInt(holds.size()));
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        if (pool.mustGrow()) {
          if (!pool.mayGrow()) {
            return;
          }
          pool.grow(SLAB);
          model.size += SLAB;
        }
        int page = pool.take();
        model.taken(page);
        holds.add(page);
      }
      case 2 -> {
        if (some >= 0) {
          holds.remove((Integer) some);
          pool.release(some);
          model.released(some);
        }
      }
      case 3 -> {
        if (some >= 0) {
          pool.publish(some, key(content));
          model.published(some, key(content));
        }
      }
      case 4 -> {
        int page = pool.find(key(content));
        model.found(key(content), page);
        if (page >= 0) {
          holds.add(page);
        }
      }
      default -> {
        if (some >= 0) {
          pool.share(some);
          model.references.merge(some, 1, Integer::sum);
          holds.add(some);
        }
      }
    }
  }

  @Test
  void whatNobodyHoldsCannotBeSharedOrReleased() {
    PagePool pool = new PagePool(4, 4);
    pool.grow(SLAB);
    int page = pool.take();
    pool.publish(page, key(1));
    pool.release(page);
    assertEquals(1, pool.retained());
    assertThrows(IllegalStateException.class, () -> pool.share(page));
    assertThrows(IllegalStateException.class, () -> pool.release(page));
    assertEquals(page, pool.find(key(1)));
    assertTrue(pool.find(key(2)) < 0);
  }
}
