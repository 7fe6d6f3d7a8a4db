package org.vesalius.loader;

import java.nio.file.Path;

/**
 * Told about the progress of {@link Checkpoint#open(Path, LoadListener)}, on the calling thread.
 *
 * <p>All headers are read and checked before the first file is mapped. An exception from a listener
 * ends the loading and reaches the caller unchanged.
 */
public interface LoadListener {
  /** A header was read and is valid by itself. */
  default void headerRead(SafetensorsHeader header, int filesRead, int files) {}

  /** A file is mapped; its bytes are read from disk only when they are used. */
  default void mapped(Path file, int filesMapped, int files) {}

  /** A listener that does nothing. */
  static LoadListener none() {
    return new LoadListener() {};
  }
}
