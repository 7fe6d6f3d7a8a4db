package org.vesalius.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ComputeException;

/**
 * What the driver or cuBLAS refused, or what a kernel did wrong: the message names the function,
 * the error and, where one is known, the kernel. After a fault of a kernel every later call fails;
 * close the kernels and open them again, in a new process if that fails too.
 */
public sealed class DeviceException extends ComputeException permits NoRoomException {
  private static final long serialVersionUID = 1L;

  /** An exception with its message and, where something was thrown, its cause. */
  public DeviceException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
