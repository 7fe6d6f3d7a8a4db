package org.vesalius.runtime.structured;

/**
 * A format that no constraint can be made of: it is malformed, allows nothing at all, or asks for
 * something that is not supported. The message says where and what.
 */
public final class UnsupportedFormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** With a message that names place, expected and found. */
  public UnsupportedFormatException(String message) {
    super(message);
  }
}
