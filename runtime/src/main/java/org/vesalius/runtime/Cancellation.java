package org.vesalius.runtime;

/** Ends a request from another thread. The request returns what it has, within a step. */
public final class Cancellation {
  private volatile boolean cancelled;

  /** Asks the request to end. Idempotent. */
  public void cancel() {
    cancelled = true;
  }

  /** Whether {@link #cancel} was called. */
  public boolean isCancelled() {
    return cancelled;
  }
}
