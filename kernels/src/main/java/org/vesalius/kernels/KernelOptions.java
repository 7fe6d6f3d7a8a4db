package org.vesalius.kernels;

import java.util.function.LongSupplier;

/**
 * What a caller may choose about a backend, and what it is going to do.
 *
 * @param threads how many threads compute, the calling one included
 * @param device which of several devices computes, from 0; without meaning for backends that
 *     compute on the host
 * @param memory how many bytes are going to be placed and allocated, about; 0 if that is not known.
 *     A device that has less is {@link BackendStatus.Unavailable}
 */
public record KernelOptions(int threads, int device, LongSupplier memory) {

  /** Checks that there is at least one thread, and that the device's number is not negative. */
  public KernelOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    if (device < 0) {
      throw new IllegalArgumentException("device: expected at least 0, found " + device);
    }
  }

  /** So many threads, the first device, an unknown need of memory. */
  public KernelOptions(int threads) {
    this(threads, 0, () -> 0);
  }

  /** As many threads as the process may use processors (cgroup limits included). */
  public static KernelOptions defaults() {
    return new KernelOptions(Runtime.getRuntime().availableProcessors());
  }

  /** On another device. */
  public KernelOptions withDevice(int number) {
    return new KernelOptions(threads, number, memory);
  }

  /** With a need of memory in bytes. */
  public KernelOptions withBytes(long needed) {
    if (needed < 0) {
      throw new IllegalArgumentException("bytes: expected at least 0, found " + needed);
    }
    return withMemory(() -> needed);
  }

  /** With a need of memory that is looked up when a device asks. */
  public KernelOptions withMemory(LongSupplier needed) {
    return new KernelOptions(threads, device, needed);
  }

  /** How much memory is needed. */
  public long bytes() {
    return memory.getAsLong();
  }
}
