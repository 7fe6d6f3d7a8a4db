package org.vesalius.runtime;

/**
 * A request has ended before there was anything to return: it was cancelled, or its time was over.
 * Answers, which have a part then, tell it by {@link Generation#finishReason} instead.
 */
public final class IncompleteRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final FinishReason reason;

  /** A request that ended for that reason. */
  public IncompleteRequestException(FinishReason reason) {
    super(
        switch (reason) {
          case CANCELLED -> "the request was cancelled before it was computed";
          case DEADLINE ->
              "the request's time was over before it was computed: expected less to compute, fewer"
                  + " requests beside it, or a longer time limit";
          default -> "the request ended before it was computed: " + reason;
        });
    this.reason = reason;
  }

  /** Why it has ended. */
  public FinishReason reason() {
    return reason;
  }
}
