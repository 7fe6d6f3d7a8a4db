package org.vesalius.runtime.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

class KvCacheTest {

  @Test
  void sequencesHoldDistinctPagesAndGiveThemBack() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1))) {
      KvCache cache = new KvCache(kernels, CacheFormat.BF16, 2, 1, 4, 4096, 0);
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

  /** The memory of a slab is what its tokens are said to take. */
  @Test
  void slabsHaveTheFormat() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1))) {
      for (CacheFormat format : CacheFormat.values()) {
        KvCache cache = new KvCache(kernels, format, 3, 2, 10, 512, 0);
        cache.takePage();
        Tensor any = kernels.allocate(ElementType.I32, 1, 1);
        List<KeyValues.Paged> layers = cache.view(any, any);
        assertEquals(3, layers.size());
        long bytes = 0;
        for (KeyValues.Paged layer : layers) {
          assertEquals(format, layer.format());
          bytes +=
              Stream.of(layer.keys(), layer.values(), layer.keyScales(), layer.valueScales())
                  .flatMap(List::stream)
                  .mapToLong(slab -> (long) slab.rows() * slab.columns() * slab.type().byteSize())
                  .sum();
        }
        assertEquals(512 * KvCache.bytesPerToken(format, 3, 2, 10), bytes, format.name());
      }
    }
  }

  @Test
  void aSharedPageIsFreeAfterItsLastReference() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1))) {
      KvCache cache = new KvCache(kernels, CacheFormat.BF16, 1, 1, 4, 64, 0);
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
      KvCache cache = new KvCache(kernels, CacheFormat.BF16, 1, 1, 4, 512, 0);
      try (CachedSequence sequence = new CachedSequence(cache)) {
        sequence.extend(500);
        CacheFullException e = assertThrows(CacheFullException.class, () -> sequence.extend(100));
        assertTrue(String.valueOf(e.getMessage()).contains("512 tokens"), e.getMessage());
        assertEquals(500, sequence.length());
      }
      assertEquals(0, cache.usedPages());
    }
  }

  /**
   * The same kernels, but that an allocation fails where the condition says so when it is asked.
   */
  private static Kernels withoutMemory(Kernels host, BooleanSupplier fails) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("ofLayer")) {
                return proxy;
              }
              if (method.getName().equals("allocate") && fails.getAsBoolean()) {
                throw new IllegalStateException("no memory");
              }
              return method.invoke(host, arguments);
            });
  }

  /** Memory that a failed growth has got is neither lost nor half a slab. */
  @Test
  void aGrowthThatFailsGoesOnLater() {
    try (Kernels host = Backends.open("reference", new KernelOptions(1))) {
      int[] calls = {0, 5};
      Kernels failing = withoutMemory(host, () -> calls[0]++ == calls[1]);
      KvCache cache = new KvCache(failing, CacheFormat.INT8, 3, 2, 10, 4096, 0);
      Tensor none = host.allocate(ElementType.I32, 1, 0);
      for (int i = 0; i < 2; i++) {
        calls[1] = calls[0] + 5;
        assertThrows(IllegalStateException.class, cache::takePage);
        cache.view(none, none).forEach(layer -> assertEquals(0, layer.keys().size()));
      }
      assertEquals(0, cache.takePage());
      // Three layers with four parts each, and the two calls that failed.
      assertEquals(3 * 4 + 2, calls[0]);
      for (KeyValues.Paged layer : cache.view(none, none)) {
        assertEquals(
            List.of(1, 1, 1, 1),
            List.of(
                layer.keys().size(),
                layer.values().size(),
                layer.keyScales().size(),
                layer.valueScales().size()));
      }
    }
  }

  /** Pages that are only kept for what they contain go before a request fails. */
  @Test
  void withoutMemoryRetainedPagesAreTaken() {
    try (Kernels host = Backends.open("reference", new KernelOptions(1))) {
      boolean[] full = {false};
      Kernels small = withoutMemory(host, () -> full[0]);
      KvCache cache = new KvCache(small, CacheFormat.BF16, 1, 1, 4, 4096, 4096);
      CachedSequence first = new CachedSequence(cache);
      first.extend(16 * KvCache.PAGE_SIZE); // a whole slab
      ContentKey.Digest digest = new ContentKey.Digest();
      digest.add(1);
      first.publish(0, digest.key());
      full[0] = true;
      assertThrows(IllegalStateException.class, cache::takePage);
      first.truncate(0);
      assertEquals(1, cache.retainedPages());
      CachedSequence second = new CachedSequence(cache);
      second.extend(16 * KvCache.PAGE_SIZE);
      assertEquals(0, cache.retainedPages());
      assertEquals(16, cache.usedPages());
    }
  }
}
