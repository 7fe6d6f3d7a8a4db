package org.vesalius.nativekernels;

/** Memory for each thread of a loop, which grows between loops. */
final class ThreadScratch implements AutoCloseable {
  /** Threads must not share a cache line, nor a pair of lines that is fetched together. */
  private static final long APART = 128;

  private final NativeBuffer memory = new NativeBuffer();
  private final int threads;
  private long address;
  private long each;

  ThreadScratch(int threads) {
    this.threads = threads;
  }

  /** Makes room for so many bytes per thread; what was there is lost. */
  void require(long bytes) {
    each = Math.ceilDiv(Math.max(bytes, 1), APART) * APART;
    address = memory.address(Math.multiplyExact(each, threads));
  }

  /** Where the memory of a thread begins, a multiple of 64. */
  long of(int thread) {
    return address + thread * each;
  }

  @Override
  public void close() {
    memory.close();
  }
}
