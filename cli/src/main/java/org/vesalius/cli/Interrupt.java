package org.vesalius.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vesalius.runtime.Cancellation;

/**
 * Ends a generation when the user presses Ctrl-C, and gives the command a moment to print what
 * there is and to clean up. The JVM then ends with exit code 130.
 */
final class Interrupt implements AutoCloseable {
  /** What a shell expects of a process that ended by Ctrl-C. */
  static final int EXIT_CODE = 130;

  private static final int PATIENCE_SECONDS = 30;

  private final Cancellation cancellation = new Cancellation();
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook = new Thread(this::interrupted, "vesalius-interrupt");

  /** Listens from now on. */
  static Interrupt install() {
    Interrupt interrupt = new Interrupt();
    Runtime.getRuntime().addShutdownHook(interrupt.hook);
    return interrupt;
  }

  /** What the user may trigger. */
  Cancellation cancellation() {
    return cancellation;
  }

  private void interrupted() {
    cancellation.cancel();
    try {
      boolean ended = finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        Runtime.getRuntime().halt(EXIT_CODE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says that the command has ended. */
  @Override
  public void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is shutting down already: this is the interrupted case, and the hook has just been
      // released.
    }
  }
}
