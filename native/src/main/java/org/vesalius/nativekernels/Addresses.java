package org.vesalius.nativekernels;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;

/**
 * Addresses for native calls, taken only of memory that native code can reach and that is alive.
 */
final class Addresses {
  private Addresses() {}

  /** Of the first element of a tensor, or 0 of none. */
  static long of(@Nullable Tensor tensor) {
    return tensor == null ? 0 : of(tensor.data());
  }

  /** Of the element in a row and a column of a tensor. */
  static long of(Tensor tensor, long row, long column) {
    return of(tensor.data()) + (row * tensor.stride() + column) * tensor.type().byteSize();
  }

  /**
   * Of a segment.
   *
   * @throws IllegalArgumentException if it lies in the Java heap, where it may move
   * @throws IllegalStateException if its memory has been freed
   */
  static long of(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "native kernels: expected memory outside the Java heap, found "
              + segment
              + "; take tensors from Kernels.allocate and weights from Kernels.place");
    }
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("native kernels: the memory of " + segment + " was freed");
    }
    return segment.address();
  }
}
