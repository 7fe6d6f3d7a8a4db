package org.vesalius.kernels;

import org.jspecify.annotations.Nullable;

/**
 * Says that what computes has failed or lacks something while it was at work, such as memory: one
 * sentence for people, with the numbers and the remedy.
 */
public class ComputeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception with its message and, where something was thrown, its cause. */
  public ComputeException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
