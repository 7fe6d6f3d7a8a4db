package org.vesalius.kernels;

/**
 * What a caller may choose about a backend, and what it is going to do.
 *
 * @param threads how many threads compute, the calling one included
 * @param device which of several devices computes, from 0; without meaning for backends that
 *     compute on the host
 * @param bytes how much memory is going to be placed and allocated, about; 0 if that is not known.
 *     A device that has less is {@link BackendStatus.Unavailable}
 */
public record KernelOptions(int threads, int device, long bytes) {

  /** Checks that there is at least one thread, and that nothing is negative. */
  public KernelOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    if (device < 0) {
      throw new IllegalArgumentException("device: expected at least 0, found " + device);
    }
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: expected at least 0, found " + bytes);
    }
  }

  /** So many threads, the first device, an unknown need of memory. */
  public KernelOptions(int threads) {
    this(threads, 0, 0);
  }

  /** As many threads as the process may use processors (cgroup limits included). */
  public static KernelOptions defaults() {
    return new KernelOptions(Runtime.getRuntime().availableProcessors());
  }

  /** On another device. */
  public KernelOptions withDevice(int number) {
    return new KernelOptions(threads, number, bytes);
  }

  /** With a need of memory. */
  public KernelOptions withBytes(long needed) {
    return new KernelOptions(threads, device, needed);
  }
}
