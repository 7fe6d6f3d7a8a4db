package org.vesalius.clinical.scores;

/** What a score was given is missing, of the wrong unit, or out of range. */
public final class ScoreInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A refusal that says what was expected. */
  public ScoreInputException(String message) {
    super(message);
  }
}
