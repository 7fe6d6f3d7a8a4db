package org.vesalius.clinical.knowledge;

/** A knowledge folder, or a document of it, cannot be used. The message says what to do. */
public final class KnowledgeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A refusal. */
  public KnowledgeException(String message) {
    super(message);
  }

  /** A refusal with its cause. */
  public KnowledgeException(String message, Throwable cause) {
    super(message, cause);
  }
}
