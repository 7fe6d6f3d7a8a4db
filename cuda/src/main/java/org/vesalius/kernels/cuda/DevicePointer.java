package org.vesalius.kernels.cuda;

import jcuda.driver.CUdeviceptr;

/** An address in the memory of the device, as JCuda takes it. */
final class DevicePointer extends CUdeviceptr {

  /** One that a call is going to set. */
  DevicePointer() {}

  /** That address. */
  DevicePointer(long address) {
    super(new CUdeviceptr(), address);
  }

  long address() {
    return getNativePointer() + getByteOffset();
  }
}
