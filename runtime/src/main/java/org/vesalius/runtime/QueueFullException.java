package org.vesalius.runtime;

/** Refuses a request because too many are waiting already. */
public final class QueueFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the bounds. */
  public QueueFullException(int requests, int queue) {
    super(
        "too many requests: expected at most "
            + requests
            + " to run and "
            + queue
            + " to wait, found no free place; try again later, or open the model with a longer"
            + " queue");
  }
}
