package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/** cuBLAS 12 by JCuda. */
final class JcublasProducts implements MatrixProducts {
  private final Device device;
  private final cublasHandle handle = new cublasHandle();
  private final HostPointer one;
  private final HostPointer zero;
  private boolean open;

  /**
   * Opens the library.
   *
   * @param factors memory for two floats that lives as long
   */
  JcublasProducts(Device device, MemorySegment factors) {
    this.device = device;
    factors.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1);
    factors.setAtIndex(ValueLayout.JAVA_FLOAT, 1, 0);
    one = new HostPointer(factors.address());
    zero = new HostPointer(factors.address() + Float.BYTES);
    check("cublasCreate", JCublas2.cublasCreate(handle));
    open = true;
    int result = JCublas2.cublasSetStream(handle, new cudaStream_t(device.stream()));
    if (result != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      close();
      check("cublasSetStream", result);
    }
  }

  private static void check(String function, int result) {
    if (result != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw new DeviceException(
          "cuda: " + function + " failed with " + cublasStatus.stringFor(result), null);
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
    // Column by column, as the library counts, out is (rows, tokens) and x is (columns, tokens).
    // The function without the suffix is an old one that takes no compute type.
    check(
        "cublasGemmEx",
        JCublas2.cublasGemmEx_new(
            handle,
            cublasOperation.CUBLAS_OP_T,
            cublasOperation.CUBLAS_OP_N,
            rows,
            tokens,
            columns,
            one,
            new HostPointer(weight),
            factors.dataType(),
            columns,
            new HostPointer(x),
            factors.dataType(),
            xStride,
            zero,
            new HostPointer(out),
            RESULT_F32,
            outStride,
            factors.computeType(),
            CHOOSE));
    device.queued("cublasGemmEx", "a product of cuBLAS", 0);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      JCublas2.cublasDestroy(handle);
    }
  }
}
