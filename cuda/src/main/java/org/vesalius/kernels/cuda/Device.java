package org.vesalius.kernels.cuda;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * One device, its primary context, which everything in the process shares, and a queue of work of
 * our own. Any thread may call, one at a time; {@link #use} makes the context the thread's own.
 */
final class Device implements AutoCloseable {
  private final Probe.Found found;
  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final Stream stream = new Stream();
  private final boolean debug = Boolean.getBoolean("vesalius.cuda.debug");
  private String lastWork = "";
  private boolean recording;
  private boolean hasStream;
  private boolean open;

  /** Retains the primary context. */
  Device(Probe.Found found) {
    this.found = found;
    Driver.check("cuInit", JCudaDriver.cuInit(0));
    Driver.check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, found.ordinal()));
    Driver.check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    open = true;
    try {
      use();
      Driver.check(
          "cuStreamCreate",
          JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
      hasStream = true;
    } catch (DeviceException e) {
      close();
      throw e;
    }
  }

  Probe.Found found() {
    return found;
  }

  /** Whether every operation is waited for, so that a fault names the one that caused it. */
  boolean debug() {
    return debug;
  }

  boolean isOpen() {
    return open;
  }

  /** Says that operations are kept for later now, and not run. */
  void setRecording(boolean now) {
    recording = now;
  }

  /**
   * Fails while operations are recorded.
   *
   * @param what cannot be repeated
   */
  void requireRunning(String what) {
    if (recording) {
      throw new IllegalStateException(
          "cuda: " + what + " while operations are recorded; do it before Kernels.record");
    }
  }

  CUdevice handle() {
    return device;
  }

  CUcontext context() {
    return context;
  }

  Stream stream() {
    return stream;
  }

  /**
   * Makes the context current on the calling thread.
   *
   * @throws IllegalStateException if the device was closed
   */
  void use() {
    if (!open) {
      throw new IllegalStateException("cuda: these kernels are closed");
    }
    Driver.check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
  }

  /** Checks what a call returned that puts work into the queue. */
  void queued(String function, String work, int result) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure(function + " of " + work, result);
    }
    lastWork = work;
    if (debug) {
      finish();
    }
  }

  /** Waits until everything in the queue is done. */
  void finish() {
    int result = JCudaDriver.cuStreamSynchronize(stream);
    if (result != CUresult.CUDA_SUCCESS) {
      throw failure("cuStreamSynchronize", result);
    }
  }

  /** Waits before things are freed, whatever became of the work. */
  void settle() {
    JCudaDriver.cuCtxSetCurrent(context);
    JCudaDriver.cuStreamSynchronize(stream);
  }

  /** The error of a call; faults of a kernel come out of whatever call is next. */
  private DeviceException failure(String function, int result) {
    String where =
        debug
            ? "; it is " + lastWork + " that failed"
            : "; the last work before was "
                + lastWork
                + ", and -Dvesalius.cuda.debug=true names the kernel if one caused this";
    return new DeviceException(
        "cuda: " + Driver.describe(function, result) + (lastWork.isEmpty() ? "" : where), null);
  }

  /** Frees the queue and gives the context back. Idempotent; what fails then is lost anyway. */
  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    JCudaDriver.cuCtxSetCurrent(context);
    if (hasStream) {
      JCudaDriver.cuStreamDestroy(stream);
    }
    JCudaDriver.cuCtxSetCurrent(new CUcontext());
    JCudaDriver.cuDevicePrimaryCtxRelease(device);
  }
}
