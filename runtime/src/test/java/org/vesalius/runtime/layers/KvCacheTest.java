package org.vesalius.runtime.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;

class KvCacheTest {

  @Test
  void sequencesHoldDistinctPagesAndGiveThemBack() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1))) {
      KvCache cache = new KvCache(kernels, 2, 1, 4, 4096);
      Set<Integer> slots = new HashSet<>();
      CachedSequence a = new CachedSequence(cache);
      CachedSequence b = new CachedSequence(cache);
      for (int i = 0; i < 700; i++) {
        a.extend(1);
        b.extend(1);
        assertTrue(slots.add(a.slot(i)) && slots.add(b.slot(i)), "slot " + i + " is taken twice");
      }
      assertEquals(2 * Math.ceilDiv(700, KvCache.PAGE_SIZE), cache.usedPages());
      a.close();
      a.close();
      b.close();
      assertEquals(0, cache.usedPages());
    }
  }

  @Test
  void aSharedPageIsFreeAfterItsLastReference() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1))) {
      KvCache cache = new KvCache(kernels, 1, 1, 4, 64);
      int page = cache.takePage();
      cache.sharePage(page);
      cache.releasePage(page);
      assertEquals(1, cache.usedPages());
      cache.releasePage(page);
      assertEquals(0, cache.usedPages());
      assertThrows(IllegalStateException.class, () -> cache.releasePage(page));
      assertThrows(IllegalStateException.class, () -> cache.sharePage(page));
    }
  }

  @Test
  void aFullCacheRefusesAndKeepsWhatItHas() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1))) {
      KvCache cache = new KvCache(kernels, 1, 1, 4, 512);
      try (CachedSequence sequence = new CachedSequence(cache)) {
        sequence.extend(500);
        CacheFullException e = assertThrows(CacheFullException.class, () -> sequence.extend(100));
        assertTrue(String.valueOf(e.getMessage()).contains("512 tokens"), e.getMessage());
        assertEquals(500, sequence.length());
      }
      assertEquals(0, cache.usedPages());
    }
  }
}
