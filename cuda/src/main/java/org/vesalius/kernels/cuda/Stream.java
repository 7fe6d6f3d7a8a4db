package org.vesalius.kernels.cuda;

import jcuda.driver.CUstream;

/** A queue of work of the device, whose handle other bindings than JCuda can take too. */
final class Stream extends CUstream {

  long handle() {
    return getNativePointer();
  }
}
