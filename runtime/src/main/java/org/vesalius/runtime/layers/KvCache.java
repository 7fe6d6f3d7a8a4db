package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * The keys and values of all sequences of a model, in pages of a fixed number of tokens (Kwon et
 * al. 2023). A page id names the same slots in every layer. Pages are counted by reference, so that
 * sequences can share a prefix; the pool grows by a slab when no page is free, and freed pages are
 * used again. Pages whose content is known are retained for a while when nobody holds them any
 * more, for sequences that begin alike. Thread-safe.
 */
public final class KvCache {
  /** Tokens of a page: the unit of sharing and the block in which attention reads keys. */
  public static final int PAGE_SIZE = 32;

  private static final int PAGES_PER_SLAB = 16;

  /** Tokens by which the cache grows. */
  public static final int SLAB_TOKENS = PAGES_PER_SLAB * PAGE_SIZE;

  private final List<PipelineStage> stages;
  private final CacheFormat format;
  private final int kvHeads;
  private final int headSize;
  private final long maxPages;
  private final PagePool pool;
  private final List<List<Tensor>> keys = new ArrayList<>();
  private final List<List<Tensor>> values = new ArrayList<>();
  private final List<List<Tensor>> keyScales = new ArrayList<>();
  private final List<List<Tensor>> valueScales = new ArrayList<>();

  /**
   * Of each layer what its next slab has so far: after a growth for which memory was too small, the
   * following one needs only the rest.
   */
  private final List<List<Tensor>> next = new ArrayList<>();

  /**
   * An empty cache.
   *
   * @param format how numbers are stored
   * @param maxTokens how many tokens it may ever hold
   * @param retainedTokens how many tokens that no sequence holds it may keep for others to come
   */
  public KvCache(
      Kernels kernels,
      CacheFormat format,
      int layers,
      int kvHeads,
      int headSize,
      long maxTokens,
      long retainedTokens) {
    stages = PipelineStage.of(kernels, layers);
    this.format = format;
    this.kvHeads = kvHeads;
    this.headSize = headSize;
    this.maxPages = Math.ceilDiv(maxTokens, PAGE_SIZE);
    pool = new PagePool(maxPages, retainedTokens / PAGE_SIZE);
    for (int layer = 0; layer < layers; layer++) {
      keys.add(List.of());
      values.add(List.of());
      keyScales.add(List.of());
      valueScales.add(List.of());
      next.add(new ArrayList<>());
    }
  }

  /** Bytes that one token takes in all layers. */
  public static long bytesPerToken(CacheFormat format, int layers, int kvHeads, int headSize) {
    return 2L * layers * kvHeads * format.rowBytes(headSize);
  }

  /** How numbers are stored. */
  public CacheFormat format() {
    return format;
  }

  /** Where its layers are. */
  List<PipelineStage> stages() {
    return stages;
  }

  /**
   * Takes a page, growing the pool if needed.
   *
   * @throws CacheFullException if the cache holds as many tokens as it may
   */
  synchronized int takePage() {
    if (pool.mustGrow()) {
      try {
        grow();
      } catch (RuntimeException e) {
        // Without memory for more pages, those go that are only kept for what they contain.
        if (pool.retained() == 0) {
          throw e;
        }
      }
    }
    return pool.take();
  }

  /** Adds a reference to a page that another sequence holds. */
  synchronized void sharePage(int page) {
    pool.share(page);
  }

  /** Drops a reference; the page is free or retained when it was the last. */
  synchronized void releasePage(int page) {
    pool.release(page);
  }

  /** Says what a full page contains, so that others find it. */
  synchronized void publishPage(int page, ContentKey key) {
    pool.publish(page, key);
  }

  /** Adds a reference to a page with this content; -1 if there is none. */
  synchronized int findPage(ContentKey key) {
    return pool.find(key);
  }

  /** Pages that some sequence holds. */
  public synchronized int usedPages() {
    return pool.held();
  }

  /** Pages that several sequences hold. */
  public synchronized int sharedPages() {
    return pool.shared();
  }

  /** Pages that there may be. */
  public long maxPages() {
    return maxPages;
  }

  /** Pages that no sequence holds, and that are kept for what they contain. */
  public synchronized int retainedPages() {
    return pool.retained();
  }

  /**
   * Refuses a sequence that would not fit if it were alone.
   *
   * @throws CacheFullException if the cache may hold fewer tokens
   */
  public void requireCapacity(int tokens) {
    if (Math.ceilDiv(tokens, PAGE_SIZE) > maxPages) {
      throw new CacheFullException(maxPages * PAGE_SIZE);
    }
  }

  /** Pages that sequences may still take. */
  public synchronized long availablePages() {
    return pool.available();
  }

  /**
   * The cache of every layer as attention reads it, for the sequences that the table and the
   * lengths describe. Where layers are split over devices, table and lengths are one device's, and
   * so are the layers that may be used.
   */
  synchronized List<KeyValues.Paged> view(Tensor pageTable, Tensor lengths) {
    List<KeyValues.Paged> layers = new ArrayList<>(keys.size());
    for (int layer = 0; layer < keys.size(); layer++) {
      layers.add(
          new KeyValues.Paged(
              keys.get(layer),
              values.get(layer),
              keyScales.get(layer),
              valueScales.get(layer),
              kvHeads,
              PAGE_SIZE,
              PAGES_PER_SLAB,
              pageTable,
              lengths));
    }
    return layers;
  }

  private void grow() {
    if (!pool.mayGrow()) {
      throw new CacheFullException(maxPages * PAGE_SIZE);
    }
    for (PipelineStage stage : stages) {
      for (int layer = stage.first(); layer < stage.end(); layer++) {
        List<Tensor> parts = next.get(layer);
        while (parts.size() < (format.scaled() ? 4 : 2)) {
          parts.add(parts.size() < 2 ? slab(stage.kernels()) : scales(stage.kernels()));
        }
      }
    }
    for (int layer = 0; layer < keys.size(); layer++) {
      List<Tensor> parts = next.get(layer);
      keys.set(layer, plus(keys.get(layer), parts.get(0)));
      values.set(layer, plus(values.get(layer), parts.get(1)));
      if (format.scaled()) {
        keyScales.set(layer, plus(keyScales.get(layer), parts.get(2)));
        valueScales.set(layer, plus(valueScales.get(layer), parts.get(3)));
      }
      parts.clear();
    }
    pool.grow(PAGES_PER_SLAB);
  }

  private Tensor slab(Kernels kernels) {
    return kernels.allocate(format.elementType(), PAGES_PER_SLAB * kvHeads * PAGE_SIZE, headSize);
  }

  private Tensor scales(Kernels kernels) {
    return kernels.allocate(ElementType.F32, 1, PAGES_PER_SLAB * kvHeads * PAGE_SIZE);
  }

  /** A copy, because running steps hold the old list. */
  private static List<Tensor> plus(List<Tensor> slabs, Tensor slab) {
    List<Tensor> more = new ArrayList<>(slabs);
    more.add(slab);
    return List.copyOf(more);
  }
}
