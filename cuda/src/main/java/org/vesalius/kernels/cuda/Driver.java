package org.vesalius.kernels.cuda;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** Checks what calls of the driver return. */
final class Driver {
  private Driver() {}

  /** Fails unless the call worked. */
  static void check(String function, int result) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new DeviceException("cuda: " + describe(function, result), null);
    }
  }

  /** Function, name and text of an error. */
  static String describe(String function, int result) {
    @Nullable String[] name = new @Nullable String[1];
    @Nullable String[] text = new @Nullable String[1];
    int known = JCudaDriver.cuGetErrorName(result, name);
    if (known != CUresult.CUDA_SUCCESS || name[0] == null) {
      return function + " failed with error " + result;
    }
    JCudaDriver.cuGetErrorString(result, text);
    return function + " failed with " + name[0] + " (" + text[0] + ")";
  }
}
