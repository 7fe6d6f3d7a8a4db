package org.vesalius.kernels;

/** Waiting for threads that are about to end. */
public final class Threads {
  private Threads() {}

  /** Waits until a thread has ended; an interrupt stays set, and does not end the waiting. */
  public static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
