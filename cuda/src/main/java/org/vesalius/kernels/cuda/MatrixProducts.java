package org.vesalius.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Matrix products by a library: the few functions of cuBLAS that are used, behind which its
 * versions differ.
 */
interface MatrixProducts extends AutoCloseable {

  /** The numbers of both factors; the result is always F32. */
  enum Factors {
    /** Exact products of bfloat16, summed in F32. */
    BF16(14, 68),
    /** Products and sums in F32, without a shorter format in between. */
    F32(0, 69);

    private final int dataType;
    private final int computeType;

    Factors(int dataType, int computeType) {
      this.dataType = dataType;
      this.computeType = computeType;
    }

    /** {@code cudaDataType}. */
    int dataType() {
      return dataType;
    }

    /** {@code cublasComputeType_t}: 32F, or 32F_PEDANTIC, which allows no TF32. */
    int computeType() {
      return computeType;
    }
  }

  /**
   * Opens the library that the probe found.
   *
   * @param arena lives as long
   */
  static MatrixProducts open(Device device, Arena arena) {
    MemorySegment factors = arena.allocate(2 * Float.BYTES, Float.BYTES);
    Probe.Cublas found = device.found().blas();
    return found.major() == 12
        ? new JcublasProducts(device, factors)
        : new ForeignProducts(device, found.library().symbols(), factors);
  }

  /** {@code cudaDataType} of a result. */
  int RESULT_F32 = 0;

  /** {@code cublasGemmAlgo_t}: the library chooses. */
  int CHOOSE = -1;

  /**
   * {@code out = x * weightᵀ} in the device's queue.
   *
   * @param out address of {@code (tokens, rows)} F32
   * @param outStride elements between its rows
   * @param x address of {@code (tokens, columns)}
   * @param xStride elements between its rows
   * @param weight address of {@code (rows, columns)}, contiguous
   */
  void multiply(
      Factors factors,
      long out,
      int outStride,
      long x,
      int xStride,
      long weight,
      int tokens,
      int rows,
      int columns);

  @Override
  void close();
}
