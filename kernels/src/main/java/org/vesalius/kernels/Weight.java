package org.vesalius.kernels;

import java.lang.foreign.MemorySegment;

/**
 * A matrix of trained parameters in the format in which it is stored, {@code rows} outputs by
 * {@code columns} inputs, row-major and contiguous, usually a slice of the mapped checkpoint file.
 * No alignment is promised: a safetensors file may start a tensor at any byte.
 *
 * <p>The type is sealed on purpose: a new storage format is one more record here, and the compiler
 * then lists every place in every backend that has to answer for it.
 */
public sealed interface Weight {

  /** Number of output features. */
  int rows();

  /** Number of input features. */
  int columns();

  /** The stored bytes. */
  MemorySegment data();

  /** Bytes that one full read of the matrix moves. */
  default long byteSize() {
    return data().byteSize();
  }

  /** IEEE 754 binary32, little endian. */
  record F32(MemorySegment data, int rows, int columns) implements Weight {
    /** Checks the size of the memory. */
    public F32 {
      requireSize(data, rows, columns, 4);
    }
  }

  /** IEEE 754 binary16, little endian. */
  record F16(MemorySegment data, int rows, int columns) implements Weight {
    /** Checks the size of the memory. */
    public F16 {
      requireSize(data, rows, columns, 2);
    }
  }

  /** bfloat16: the upper half of a binary32, little endian. */
  record BF16(MemorySegment data, int rows, int columns) implements Weight {
    /** Checks the size of the memory. */
    public BF16 {
      requireSize(data, rows, columns, 2);
    }
  }

  /**
   * A matrix that is stored the other way round, {@code columns} rows of {@code rows} elements, as
   * checkpoints keep it whose code computes {@code x * W}.
   *
   * @param stored the matrix as it lies in memory, itself not transposed
   */
  record Transposed(Weight stored) implements Weight {
    /** Refuses to turn a matrix twice. */
    public Transposed {
      if (stored instanceof Transposed) {
        throw new IllegalArgumentException("weight: a transposed matrix is transposed again");
      }
    }

    @Override
    public int rows() {
      return stored.columns();
    }

    @Override
    public int columns() {
      return stored.rows();
    }

    @Override
    public MemorySegment data() {
      return stored.data();
    }
  }

  private static void requireSize(MemorySegment data, int rows, int columns, int elementBytes) {
    long expected = (long) rows * columns * elementBytes;
    if (rows < 0 || columns < 0 || data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "weight ("
              + rows
              + ", "
              + columns
              + "): expected "
              + expected
              + " bytes, found "
              + data.byteSize());
    }
  }
}
