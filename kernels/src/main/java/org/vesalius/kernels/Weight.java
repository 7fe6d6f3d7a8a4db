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

  /** The stored bytes, without scales. */
  MemorySegment data();

  /** Bytes that one full read of the matrix moves, scales included. */
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
   * Eight-bit integers in groups of {@link #GROUP} columns of a row that share a scale: {@code w =
   * q * scale} with {@code q} from -127 to 127.
   *
   * @param data {@code (rows, columns)} signed bytes
   * @param scales {@code (rows, groups)} IEEE 754 binary32, little endian; the last group of a row
   *     may be shorter
   */
  record Int8(MemorySegment data, MemorySegment scales, int rows, int columns) implements Weight {
    /** Columns that share a scale. */
    public static final int GROUP = 256;

    /** Checks the sizes of the memory. */
    public Int8 {
      requireSize(data, rows, columns, 1);
      requireSize(scales, rows, groups(columns), 4);
    }

    /** Groups of a row of so many columns. */
    public static int groups(int columns) {
      return Math.ceilDiv(columns, GROUP);
    }

    /** Groups of a row. */
    public int groups() {
      return groups(columns);
    }

    @Override
    public long byteSize() {
      return data.byteSize() + scales.byteSize();
    }
  }

  /**
   * Four-bit integers in groups of {@link #GROUP} columns of a row that share a scale and a
   * minimum: {@code w = q * scale + minimum} with {@code q} from 0 to 15.
   *
   * @param data {@code (rows, groups * 32)} bytes; byte {@code i} of a group holds its column
   *     {@code i} in the lower and column {@code 32 + i} in the upper half; columns beyond the last
   *     are 0
   * @param scales {@code (rows, groups)} IEEE 754 binary16, little endian
   * @param minimums as the scales
   */
  record Int4(
      MemorySegment data, MemorySegment scales, MemorySegment minimums, int rows, int columns)
      implements Weight {
    /** Columns that share a scale and a minimum. */
    public static final int GROUP = 64;

    /** Bytes of a group's columns. */
    public static final int GROUP_BYTES = GROUP / 2;

    /** Checks the sizes of the memory. */
    public Int4 {
      int groups = groups(columns);
      requireSize(data, rows, groups, GROUP_BYTES);
      requireSize(scales, rows, groups, 2);
      requireSize(minimums, rows, groups, 2);
    }

    /** Groups of a row of so many columns. */
    public static int groups(int columns) {
      return Math.ceilDiv(columns, GROUP);
    }

    /** Groups of a row. */
    public int groups() {
      return groups(columns);
    }

    @Override
    public long byteSize() {
      return data.byteSize() + scales.byteSize() + minimums.byteSize();
    }
  }

  /**
   * Eight-bit floating point numbers, {@link Float8}, with a scale for each row: {@code w = q *
   * scale}.
   *
   * @param data {@code (rows, columns)} bytes, none of which stands for no number
   * @param scales {@code (1, rows)} IEEE 754 binary32, little endian, finite and not negative
   */
  record Fp8(MemorySegment data, MemorySegment scales, int rows, int columns) implements Weight {
    /** Checks the sizes of the memory. */
    public Fp8 {
      requireSize(data, rows, columns, 1);
      requireSize(scales, rows, 1, 4);
    }

    @Override
    public long byteSize() {
      return data.byteSize() + scales.byteSize();
    }
  }

  /**
   * A matrix that is stored the other way round, {@code columns} rows of {@code rows} elements, as
   * checkpoints keep it whose code computes {@code x * W}.
   *
   * @param stored the matrix as it lies in memory, itself not transposed, and of single numbers:
   *     the groups of a quantized matrix run along its columns
   */
  record Transposed(Weight stored) implements Weight {
    /** Refuses to turn a matrix twice, or one in groups. */
    public Transposed {
      switch (stored) {
        case F32 _, F16 _, BF16 _ -> {}
        case Int8 _, Int4 _, Fp8 _ ->
            throw new IllegalArgumentException(
                "weight: a quantized matrix is transposed; turn it before it is quantized");
        case Transposed _ ->
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
