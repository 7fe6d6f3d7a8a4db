package org.vesalius.kernels.cuda;

/** Devices have less free memory than is going to be needed; more of them may have enough. */
final class NoRoomException extends DeviceException {
  private static final long serialVersionUID = 1L;

  NoRoomException(String message) {
    super(message, null);
  }
}
