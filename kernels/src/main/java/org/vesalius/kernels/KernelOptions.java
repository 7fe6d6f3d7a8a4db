package org.vesalius.kernels;

/**
 * What a caller may choose about a backend.
 *
 * @param threads how many threads compute, the calling one included
 */
public record KernelOptions(int threads) {

  /** Checks that there is at least one thread. */
  public KernelOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
  }

  /** As many threads as the process may use processors (cgroup limits included). */
  public static KernelOptions defaults() {
    return new KernelOptions(Runtime.getRuntime().availableProcessors());
  }
}
