package org.vesalius.runtime;

/** Refuses a prompt that leaves no room in the model's context. */
public final class ContextOverflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int promptTokens;
  private final int contextTokens;

  /** With the numbers. */
  public ContextOverflowException(
      int promptTokens, int imageTokens, int wanted, int contextTokens) {
    super(
        "the request does not fit the context: the prompt has "
            + promptTokens
            + " tokens ("
            + imageTokens
            + " of images) and the answer may have "
            + wanted
            + ", together "
            + ((long) promptTokens + wanted)
            + "; the context has "
            + contextTokens
            + "; shorten the prompt, use smaller images, or ask for a shorter answer");
    this.promptTokens = promptTokens;
    this.contextTokens = contextTokens;
  }

  /** Tokens of the prompt. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Tokens that prompt and answer may have together. */
  public int contextTokens() {
    return contextTokens;
  }
}
