package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.vesalius.kernels.Weight;

/** Weights as {@code struct vesalius_weight}, in memory that is used again. */
final class WeightStructs implements AutoCloseable {
  static final int F32 = 0;
  static final int F16 = 1;
  static final int BF16 = 2;
  static final int INT8 = 3;
  static final int INT4 = 4;

  private static final long BYTES = 48;
  private static final long DATA = 0;
  private static final long SCALES = 8;
  private static final long MINIMUMS = 16;
  private static final long ROWS = 24;
  private static final long COLUMNS = 32;
  private static final long FORMAT = 40;
  private static final long TRANSPOSED = 44;

  private final NativeBuffer buffer = new NativeBuffer();
  private MemorySegment memory = MemorySegment.NULL;

  /** Makes room for so many; they are all to be written then. */
  void require(int count) {
    memory = buffer.ofSize(Math.multiplyExact(BYTES, count));
  }

  /** The address of one. */
  long address(int index) {
    return memory.address() + index * BYTES;
  }

  /** Writes one. */
  void write(int index, Weight weight) {
    Weight stored = weight instanceof Weight.Transposed(Weight turned) ? turned : weight;
    long scales = 0;
    long minimums = 0;
    switch (stored) {
      case Weight.Int8 int8 -> scales = Addresses.of(int8.scales());
      case Weight.Int4 int4 -> {
        scales = Addresses.of(int4.scales());
        minimums = Addresses.of(int4.minimums());
      }
      case Weight.F32 _, Weight.F16 _, Weight.BF16 _, Weight.Fp8 _, Weight.Transposed _ -> {}
    }
    long at = index * BYTES;
    memory.set(JAVA_LONG, at + DATA, Addresses.of(stored.data()));
    memory.set(JAVA_LONG, at + SCALES, scales);
    memory.set(JAVA_LONG, at + MINIMUMS, minimums);
    memory.set(JAVA_LONG, at + ROWS, weight.rows());
    memory.set(JAVA_LONG, at + COLUMNS, weight.columns());
    memory.set(JAVA_INT, at + FORMAT, format(stored));
    memory.set(JAVA_INT, at + TRANSPOSED, transposed(weight));
  }

  /** {@code enum vesalius_format} of the stored numbers. */
  static int format(Weight weight) {
    return switch (weight) {
      case Weight.F32 _ -> F32;
      case Weight.F16 _ -> F16;
      case Weight.BF16 _ -> BF16;
      case Weight.Int8 _ -> INT8;
      case Weight.Int4 _ -> INT4;
      case Weight.Fp8 _ ->
          throw new IllegalArgumentException("native: take weights of FP8 from Kernels.place");
      case Weight.Transposed(Weight stored) -> format(stored);
    };
  }

  static int transposed(Weight weight) {
    return weight instanceof Weight.Transposed ? 1 : 0;
  }

  @Override
  public void close() {
    buffer.close();
  }
}
