package org.vesalius.kernels;

import java.util.Optional;

/** Whether a backend can work on this machine, in this process. */
public sealed interface BackendStatus {

  /**
   * It can.
   *
   * @param detail what it found, such as {@code 256-bit vectors}
   */
  record Available(String detail) implements BackendStatus {}

  /**
   * It cannot.
   *
   * @param reason one sentence for people, with the remedy
   * @param cause what failed, where something was thrown
   */
  record Unavailable(String reason, Optional<Throwable> cause) implements BackendStatus {}
}
