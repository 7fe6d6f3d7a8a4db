package org.vesalius.kernels;

/** The number format of one element of a {@link Tensor}. */
public enum ElementType {
  /** IEEE 754 binary32: activations, biases, norm gains, keys and values, scales. */
  F32(4),
  /** bfloat16, the upper half of a binary32: keys and values in the cache. */
  BF16(2),
  /** Two's complement 8-bit integers: keys and values in the cache, with scales. */
  I8(1),
  /** Two's complement 32-bit integers: token ids, positions, page tables, lengths. */
  I32(4);

  private final int byteSize;

  ElementType(int byteSize) {
    this.byteSize = byteSize;
  }

  /** Size of one element in bytes. */
  public int byteSize() {
    return byteSize;
  }
}
