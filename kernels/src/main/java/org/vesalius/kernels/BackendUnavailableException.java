package org.vesalius.kernels;

import org.jspecify.annotations.Nullable;

/** Says that a backend which was asked for by name cannot work here, and why. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception with the reason and, where something was thrown, its cause. */
  public BackendUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
