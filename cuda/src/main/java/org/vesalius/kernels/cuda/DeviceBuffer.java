package org.vesalius.kernels.cuda;

import java.lang.foreign.MemorySegment;

/** Memory of the device for one role, which only grows; its content is arbitrary. */
final class DeviceBuffer {
  private final DeviceMemory memory;
  private final String role;
  private MemorySegment data = MemorySegment.NULL;

  DeviceBuffer(DeviceMemory memory, String role) {
    this.memory = memory;
    this.role = role;
  }

  /** Its address, with at least so many bytes. */
  long address(long bytes) {
    if (data.byteSize() < bytes) {
      // Half as much again, because freeing waits for the device. The old one goes first: both may
      // not fit.
      long wanted = Math.max(bytes, data.byteSize() + data.byteSize() / 2);
      if (data.byteSize() > 0) {
        MemorySegment old = data;
        data = MemorySegment.NULL;
        memory.free(old);
      }
      data = memory.allocate(wanted, role);
    }
    return data.address();
  }
}
