package org.vesalius.kernels;

/**
 * Operations of {@link Kernels} that are repeated as a whole; see {@link Kernels#record}. It
 * belongs to the kernels that made it, and is of no use when they are closed.
 */
public interface Recording extends AutoCloseable {

  /** Runs the operations on what their tensors hold now. */
  void run();

  /** Forgets them. Idempotent. */
  @Override
  void close();

  /** Operations that are called again every time. */
  static Recording of(Runnable operations) {
    return new Recording() {
      @Override
      public void run() {
        operations.run();
      }

      @Override
      public void close() {}
    };
  }
}
