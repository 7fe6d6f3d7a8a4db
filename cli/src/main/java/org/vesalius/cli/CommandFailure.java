package org.vesalius.cli;

import org.jspecify.annotations.Nullable;

/** Ends a command with a message for the user and exit code 1. */
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommandFailure(String message) {
    super(message);
  }

  CommandFailure(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
