package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** {@code struct vesalius_attention_block}, one for each thread, in memory that is used again. */
final class BlockStruct implements AutoCloseable {
  static final long Q = 0;
  static final long OUT = 8;
  static final long SEE_FROM = 16;
  static final long SEE_TO = 24;
  static final long Q_STRIDE = 32;
  static final long OUT_STRIDE = 40;
  static final long QUERIES = 48;
  static final long GROUP = 56;
  static final long POSITION = 64;
  static final long LENGTH = 72;
  static final long SEQUENCE = 80;
  static final long START = 88;
  static final long KV_HEAD = 96;
  static final long WINDOW = 104;
  static final long KEY_FROM = 112;
  static final long KEY_TO = 120;
  static final long PARTIAL = 128;
  static final long SCALE = 136;
  static final long CAUSAL = 140;

  /** More than its 144 bytes, so that threads don't share a cache line. */
  private static final long BYTES = 256;

  private final NativeBuffer buffer = new NativeBuffer();
  private final MemorySegment memory;

  BlockStruct(int threads) {
    memory = buffer.ofSize(BYTES * threads);
  }

  long address(int thread) {
    return memory.address() + thread * BYTES;
  }

  void set(int thread, long field, long value) {
    memory.set(JAVA_LONG, thread * BYTES + field, value);
  }

  void setScale(int thread, float scale) {
    memory.set(JAVA_FLOAT, thread * BYTES + SCALE, scale);
  }

  void setCausal(int thread, boolean causal) {
    memory.set(JAVA_INT, thread * BYTES + CAUSAL, causal ? 1 : 0);
  }

  @Override
  public void close() {
    buffer.close();
  }
}
