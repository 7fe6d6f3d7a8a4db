package org.vesalius.runtime;

/** Refuses a checkpoint that this version cannot run exactly, naming what is missing. */
public final class UnsupportedModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The message says what, where, expected, found. */
  public UnsupportedModelException(String message) {
    super(message);
  }
}
