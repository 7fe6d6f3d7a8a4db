package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * cuBLAS 13, which JCuda has no binding of, by the Foreign Function and Memory API. Handles and
 * addresses go as numbers.
 */
@SuppressWarnings("restricted") // who opens the backend gives access
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
    MethodHandle create =
        bind(symbols, "cublasCreate_v2", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    MethodHandle setStream =
        bind(symbols, "cublasSetStream_v2", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    destroy = bind(symbols, "cublasDestroy_v2", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
    multiply =
        bind(
            symbols,
            "cublasGemmEx",
            FunctionDescriptor.of(
                JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG,
                JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG,
                JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(JAVA_LONG);
      check("cublasCreate", (int) create.invokeExact(place));
      handle = place.get(JAVA_LONG, 0);
      open = true;
      check("cublasSetStream", (int) setStream.invokeExact(handle, device.stream().handle()));
    } catch (Throwable e) {
      close();
      throw failure("opening cuBLAS", e);
    }
  }

  private static MethodHandle bind(
      SymbolLookup symbols, String function, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(
            symbols
                .find(function)
                .orElseThrow(
                    () -> new DeviceException("cuda: cuBLAS has no function " + function, null)),
            descriptor);
  }

  private static void check(String function, int result) {
    if (result != 0) {
      throw new DeviceException("cuda: " + function + " failed with cuBLAS status " + result, null);
    }
  }

  private static RuntimeException failure(String what, Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new DeviceException("cuda: " + what, cause);
    };
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
    try {
      // Column by column, as the library counts, out is (rows, tokens) and x is (columns, tokens).
      int result =
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
                  factors.dataType(),
                  columns,
                  x,
                  factors.dataType(),
                  xStride,
                  zero,
                  out,
                  RESULT_F32,
                  outStride,
                  factors.computeType(),
                  CHOOSE);
      check("cublasGemmEx", result);
    } catch (Throwable e) {
      throw failure("cublasGemmEx", e);
    }
    device.queued("cublasGemmEx", "a product of cuBLAS", 0);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      try {
        int ignored = (int) destroy.invokeExact(handle);
        assert ignored >= 0;
      } catch (Throwable e) {
        throw failure("cublasDestroy", e);
      }
    }
  }
}
