package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.ContentKey;
import org.vesalius.runtime.vision.TensorPool;

/**
 * What the vision tower made of images, by what they show, so that an image is encoded once though
 * every turn of a conversation has it. Those that no request uses are kept up to a number of bytes;
 * the least recently used go first. Thread-safe.
 */
final class ImageEmbeddings {
  private final long maxUnusedBytes;

  /** Those that no request uses come in the order in which they were last used. */
  private final Map<ContentKey, Entry> entries = new LinkedHashMap<>();

  private long unusedBytes;

  /** Keeps so many bytes that no request uses. */
  ImageEmbeddings(long maxUnusedBytes) {
    this.maxUnusedBytes = maxUnusedBytes;
  }

  private static final class Entry {
    private final TensorPool.Loan loan;
    private int uses = 1;

    Entry(TensorPool.Loan loan) {
      this.loan = loan;
    }

    long bytes() {
      Tensor tensor = loan.tensor();
      return (long) tensor.rows() * tensor.columns() * tensor.type().byteSize();
    }
  }

  /** An image's embeddings in use by one request. */
  final class Use implements AutoCloseable {
    private final @Nullable ContentKey key;
    private final Entry entry;
    private boolean closed;

    private Use(@Nullable ContentKey key, Entry entry) {
      this.key = key;
      this.entry = entry;
    }

    /** {@code (tokens, width)}, until this is closed. */
    Tensor tensor() {
      return entry.loan.tensor();
    }

    /** Ends the use. Idempotent. */
    @Override
    public void close() {
      synchronized (entries) {
        if (!closed) {
          closed = true;
          release(key, entry);
        }
      }
    }
  }

  /** The embeddings of an image that has been encoded before, or null. */
  @Nullable Use find(ContentKey key) {
    synchronized (entries) {
      Entry entry = entries.get(key);
      if (entry == null) {
        return null;
      }
      if (entry.uses++ == 0) {
        unusedBytes -= entry.bytes();
      }
      return new Use(key, entry);
    }
  }

  /** Takes the embeddings of an image that has been encoded just now. */
  Use add(ContentKey key, TensorPool.Loan loan) {
    synchronized (entries) {
      Entry entry = new Entry(loan);
      // Somebody else may have encoded the same image meanwhile: then this one is not for sharing.
      return entries.putIfAbsent(key, entry) == null ? new Use(key, entry) : new Use(null, entry);
    }
  }

  /** Embeddings that are of one request only. */
  Use unshared(TensorPool.Loan loan) {
    return new Use(null, new Entry(loan));
  }

  private void release(@Nullable ContentKey key, Entry entry) {
    if (--entry.uses > 0) {
      return;
    }
    if (key == null) {
      entry.loan.close();
      return;
    }
    entries.remove(key);
    entries.put(key, entry); // the most recently used
    unusedBytes += entry.bytes();
    List<ContentKey> old = new ArrayList<>();
    for (Map.Entry<ContentKey, Entry> candidate : entries.entrySet()) {
      if (unusedBytes <= maxUnusedBytes) {
        break;
      }
      if (candidate.getValue().uses == 0) {
        unusedBytes -= candidate.getValue().bytes();
        candidate.getValue().loan.close();
        old.add(candidate.getKey());
      }
    }
    old.forEach(entries::remove);
  }
}
