package org.vesalius.kernels.cuda;

import org.jspecify.annotations.Nullable;

/** Why there is no such backend here: one sentence for people, with the remedy. */
final class UnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  UnavailableException(String reason, @Nullable Throwable cause) {
    super(reason, cause);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
