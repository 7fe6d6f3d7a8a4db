package org.vesalius.clinical.rubric;

/**
 * A rubric that cannot be read, or one that cannot be applied to an answer. The message says where
 * and what is wrong, what was expected and what to do.
 */
public final class RubricException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An error with its message. */
  public RubricException(String message) {
    super(message);
  }
}
