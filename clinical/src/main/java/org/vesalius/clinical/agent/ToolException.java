package org.vesalius.clinical.agent;

/** A tool cannot do what it was asked. The message is for the model, which may ask otherwise. */
public final class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message what was expected and found, in a sentence
   */
  public ToolException(String message) {
    super(message);
  }
}
