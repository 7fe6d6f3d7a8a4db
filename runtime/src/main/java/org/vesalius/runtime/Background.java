package org.vesalius.runtime;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Threads;

/**
 * A value that a thread of its own computes while the caller does something else.
 *
 * <p>Waiting for it is not ended by an interrupt, which stays set: the work is short, and what it
 * opens must not be lost.
 */
final class Background<T> implements AutoCloseable {
  private final Thread thread;
  private volatile @Nullable T value;
  private volatile @Nullable Throwable failure;

  private Background(String name, Supplier<T> work) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .name(name)
            .unstarted(() -> {
              try {
                value = work.get();
              } catch (RuntimeException | Error e) {
                failure = e;
              }
            });
  }

  /** Starts the thread. */
  static <T> Background<T> start(String name, Supplier<T> work) {
    Background<T> background = new Background<>(name, work);
    background.thread.start();
    return background;
  }

  /** Waits for the value; throws what the thread threw. */
  T get() {
    close();
    requireSuccess();
    T result = value;
    if (result == null) {
      throw new IllegalStateException(thread.getName() + " computed nothing");
    }
    return result;
  }

  /**
   * Runs work that would come after this one if all went in turn: where both fail, this one's
   * failure is the one that is thrown, however long either took.
   */
  <R> R then(Supplier<R> work) {
    try {
      return work.get();
    } catch (RuntimeException | Error e) {
      close();
      requireSuccess();
      throw e;
    }
  }

  private void requireSuccess() {
    Throwable thrown = failure;
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** The value, or null where the thread failed; waits for its end. */
  @Nullable T orNull() {
    close();
    return value;
  }

  /** Waits until the thread has ended. */
  @Override
  public void close() {
    Threads.join(thread);
  }
}
