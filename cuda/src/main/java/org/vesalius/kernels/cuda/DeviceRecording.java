package org.vesalius.kernels.cuda;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.vesalius.kernels.Recording;

/**
 * Operations as a graph of the driver. The first run is a plain one, in which buffers grow and
 * lists of addresses are sent; the second is captured; from then on the graph is launched. When
 * memory that a graph may use has been freed since, it begins anew.
 */
final class DeviceRecording implements Recording {
  private final Device device;
  private final DeviceMemory memory;
  private final Runnable operations;
  private CUgraphExec graph = new CUgraphExec();
  private boolean captured;
  private long frees = -1;

  DeviceRecording(Device device, DeviceMemory memory, Runnable operations) {
    this.device = device;
    this.memory = memory;
    this.operations = operations;
  }

  @Override
  public void run() {
    device.use();
    if (frees != memory.frees()) {
      forget();
      operations.run();
      frees = memory.frees();
      return;
    }
    if (!captured) {
      capture();
    }
    device.queued(
        "cuGraphLaunch", "recorded operations", JCudaDriver.cuGraphLaunch(graph, device.stream()));
  }

  private void capture() {
    // Other threads go on with the device meanwhile, if they have kernels of their own.
    Driver.check(
        "cuStreamBeginCapture",
        JCudaDriver.cuStreamBeginCapture(
            device.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    CUgraph nodes = new CUgraph();
    boolean whole = false;
    int ended;
    device.setRecording(true);
    try {
      operations.run();
      whole = true;
    } finally {
      device.setRecording(false);
      ended = JCudaDriver.cuStreamEndCapture(device.stream(), nodes);
      if (!whole && ended == 0) {
        JCudaDriver.cuGraphDestroy(nodes);
      }
    }
    Driver.check("cuStreamEndCapture", ended);
    graph = new CUgraphExec();
    try {
      Driver.check("cuGraphInstantiate", JCudaDriver.cuGraphInstantiate(graph, nodes, 0L));
    } finally {
      JCudaDriver.cuGraphDestroy(nodes);
    }
    captured = true;
  }

  private void forget() {
    if (captured) {
      captured = false;
      // It may be running; the driver frees it afterwards.
      JCudaDriver.cuGraphExecDestroy(graph);
    }
  }

  @Override
  public void close() {
    if (captured && device.isOpen()) {
      device.use();
      forget();
    }
  }
}
