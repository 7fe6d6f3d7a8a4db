package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/** An address outside the Java heap, or of the device, as JCuda takes it. */
final class HostPointer extends Pointer {

  /** One that a call is going to set. */
  HostPointer() {}

  /** That address. */
  HostPointer(long address) {
    super(address);
  }

  long address() {
    return getNativePointer();
  }

  /** The memory behind it. */
  @SuppressWarnings("restricted") // who opens the backend gives access
  MemorySegment segment(long bytes) {
    return MemorySegment.ofAddress(address()).reinterpret(bytes);
  }
}
