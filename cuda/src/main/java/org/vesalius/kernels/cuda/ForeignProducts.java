package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * cuBLAS 13, which JCuda has no binding of, by the Foreign Function and Memory API. Handles and
 * addresses go as numbers.
 */
final class ForeignProducts implements MatrixProducts {
  private static final int NOT_TRANSPOSED = 0;
  private static final int TRANSPOSED = 1;

  private final Device device;
  private final MethodHandle destroy;
  private final MethodHandle multiply;
  private final long handle;
  private final long one;
  private final long zero;
  private boolean open;

  /**
   * Opens the library.
   *
   * @param factors memory for two floats that lives as long
   */
  ForeignProducts(Device device, SymbolLookup symbols, MemorySegment factors) {
    this.device = device;
    factors.setAtIndex(JAVA_FLOAT, 0, 1);
    factors.setAtIndex(JAVA_FLOAT, 1, 0);
    one = factors.address();
    zero = one + Float.BYTES;
    ForeignFunctions functions = new ForeignFunctions("cuBLAS", symbols);
    MethodHandle create = functions.bind("cublasCreate_v2", ADDRESS);
    MethodHandle setStream = functions.bind("cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
    destroy = functions.bind("cublasDestroy_v2", JAVA_LONG);
    multiply =
        functions.bind(
            "cublasGemmEx",
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT);
    handle = ForeignFunctions.made("cublasCreate", place -> (int) create.invokeExact(place));
    open = true;
    long stream = device.stream().handle();
    try {
      ForeignFunctions.check("cublasSetStream", () -> (int) setStream.invokeExact(handle, stream));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public void multiply(
      Factors factors,
      long out,
      int outStride,
      long x,
      int xStride,
      long weight,
      int tokens,
      int rows,
      int columns) {
    int type = factors.dataType();
    int computed = factors.computeType();
    // Column by column, as the library counts, out is (rows, tokens) and x is (columns, tokens).
    ForeignFunctions.check(
        "cublasGemmEx",
        () ->
            (int)
                multiply.invokeExact(
                    handle,
                    TRANSPOSED,
                    NOT_TRANSPOSED,
                    rows,
                    tokens,
                    columns,
                    one,
                    weight,
                    type,
                    columns,
                    x,
                    type,
                    xStride,
                    zero,
                    out,
                    RESULT_F32,
                    outStride,
                    computed,
                    CHOOSE));
    device.queued("cublasGemmEx", "a product of cuBLAS", 0);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      int ignored =
          ForeignFunctions.status("cublasDestroy", () -> (int) destroy.invokeExact(handle));
      assert ignored >= 0;
    }
  }
}
