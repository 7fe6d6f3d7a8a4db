package org.vesalius.nativekernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Native memory that only grows: its content is arbitrary after a call that made it larger. Aligned
 * to 64 bytes.
 */
final class NativeBuffer implements AutoCloseable {
  private Arena arena = Arena.ofShared();
  private MemorySegment memory = MemorySegment.NULL;

  /** The memory, of at least so many bytes. */
  MemorySegment ofSize(long bytes) {
    if (memory.byteSize() < bytes) {
      // Half as much again, because freeing shared memory stops every thread for a moment.
      long wanted = Math.max(bytes, memory.byteSize() + memory.byteSize() / 2);
      Arena larger = Arena.ofShared();
      try {
        memory = larger.allocate(Math.max(64, wanted), 64);
      } catch (OutOfMemoryError e) {
        larger.close();
        throw e;
      }
      arena.close();
      arena = larger;
    }
    return memory;
  }

  /** Its address, with at least so many bytes. */
  long address(long bytes) {
    return ofSize(bytes).address();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
