package org.vesalius.kernels.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.vesalius.kernels.Tensor;

/**
 * Copies from the memory of one device to that of another. Each waits for what was asked of the
 * sender before, and what is asked of it later waits for the copy; Java waits for neither.
 */
final class PeerCopies implements AutoCloseable {
  private final Device device;
  private final DeviceMemory memory;

  /** The last point of this device's queue that another one waits for. */
  private final CUevent reached = new CUevent();

  private boolean created;

  PeerCopies(Device device, DeviceMemory memory) {
    this.device = device;
    this.memory = memory;
    Driver.check(
        "cuEventCreate", JCudaDriver.cuEventCreate(reached, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    created = true;
  }

  /**
   * Lets this device reach the other's memory by itself, where the machine can do that; elsewhere
   * the driver goes through the host.
   */
  void connect(PeerCopies other) {
    int[] can = new int[1];
    int asked = JCudaDriver.cuDeviceCanAccessPeer(can, device.handle(), other.device.handle());
    if (asked != CUresult.CUDA_SUCCESS || can[0] == 0) {
      return;
    }
    // What the driver answers does not matter: where it refuses, as in some containers, or has no
    // more connections, copies take the other way.
    device.use();
    JCudaDriver.cuCtxEnablePeerAccess(other.device.context(), 0);
  }

  /** Copies a tensor of another device into one of this device, row by row where rows lie apart. */
  void receive(Tensor out, PeerCopies from, Tensor x) {
    device.requireRunning("something is copied from another device");
    from.device.requireRunning("something is copied to another device");
    follow(from);
    boolean whole = x.rows() <= 1 || (x.stride() == x.columns() && out.stride() == out.columns());
    int rows = whole ? Math.min(1, x.rows()) : x.rows();
    long bytes = (long) Float.BYTES * x.columns() * (whole ? x.rows() : 1);
    for (int row = 0; row < rows && bytes > 0; row++) {
      device.queued(
          "cuMemcpyPeerAsync",
          "a copy from device " + from.device.found().ordinal(),
          JCudaDriver.cuMemcpyPeerAsync(
              new DevicePointer(memory.address(out) + (long) Float.BYTES * row * out.stride()),
              device.context(),
              new DevicePointer(from.memory.address(x) + (long) Float.BYTES * row * x.stride()),
              from.device.context(),
              bytes,
              device.stream()));
    }
    from.follow(this);
    device.use();
  }

  /** What is asked of this device from now on waits for what the other one has been asked. */
  private void follow(PeerCopies other) {
    other.device.use();
    other.device.queued(
        "cuEventRecord",
        "a mark for device " + device.found().ordinal(),
        JCudaDriver.cuEventRecord(other.reached, other.device.stream()));
    device.use();
    device.queued(
        "cuStreamWaitEvent",
        "waiting for device " + other.device.found().ordinal(),
        JCudaDriver.cuStreamWaitEvent(device.stream(), other.reached, 0));
  }

  /** The devices' queues must be done. */
  @Override
  public void close() {
    if (created) {
      created = false;
      JCudaDriver.cuEventDestroy(reached);
    }
  }
}
