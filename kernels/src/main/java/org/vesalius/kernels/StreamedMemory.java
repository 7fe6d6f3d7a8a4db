package org.vesalius.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;

/**
 * Random bytes, more than caches hold, for measurements of read bandwidth. Random, because
 * processors and hypervisors treat pages of zeros as one.
 */
public final class StreamedMemory implements AutoCloseable {
  private static final long WANTED = 512L << 20;
  private static final long LEAST = 32L << 20;
  private static final int BLOCK = 256 << 10;
  private static final int PASSES = 6;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment data;
  private final WorkerPool pool;

  /** Reads a block of the memory and returns something that depends on all of it. */
  @FunctionalInterface
  public interface Reader {
    /** Reads from byte {@code from} to byte {@code to}. */
    long read(MemorySegment data, long from, long to);
  }

  /** 512 MiB of random bytes, or less where there is less memory. */
  public StreamedMemory(int threads) {
    pool = new WorkerPool(threads);
    data = allocate();
    pool.run(
        blocks(),
        8,
        (from, to) -> {
          SplittableRandom random = new SplittableRandom(from);
          for (long i = (long) from * BLOCK; i < (long) to * BLOCK; i += Long.BYTES) {
            data.set(ValueLayout.JAVA_LONG, i, random.nextLong());
          }
        });
  }

  private MemorySegment allocate() {
    for (long size = WANTED; ; size /= 2) {
      try {
        return arena.allocate(size, BLOCK);
      } catch (OutOfMemoryError e) {
        if (size <= LEAST) {
          throw e;
        }
      }
    }
  }

  /** The memory itself. */
  public MemorySegment data() {
    return data;
  }

  private int blocks() {
    return (int) (data.byteSize() / BLOCK);
  }

  /** Bytes per second of the best of several passes over the memory. */
  public double bandwidth(Reader reader) {
    LongAdder sum = new LongAdder();
    double best = 0;
    for (int pass = 0; pass < PASSES; pass++) {
      long start = System.nanoTime();
      pool.run(
          blocks(),
          4,
          (from, to) -> sum.add(reader.read(data, (long) from * BLOCK, (long) to * BLOCK)));
      best = Math.max(best, data.byteSize() * 1e9 / (System.nanoTime() - start));
    }
    // The sum is used, so that no reader can be optimised away; it never has this value twice.
    return sum.sum() == Long.MIN_VALUE ? 0 : best;
  }

  @Override
  public void close() {
    pool.close();
    arena.close();
  }
}
