package org.vesalius.runtime;

import java.time.Duration;
import java.util.Optional;

/**
 * How a request stands among others.
 *
 * @param requestId what events, metrics and errors call the request; empty for a number that the
 *     model gives it
 * @param priority requests of a higher one go first; 0 for most
 * @param timeLimit how long the request may take from the call on, waiting included; then it ends
 *     with what it has, see {@link FinishReason#DEADLINE}
 */
public record Scheduling(Optional<String> requestId, int priority, Optional<Duration> timeLimit) {
  private static final int MAX_ID = 200;

  /** Checks the ranges. */
  public Scheduling {
    requestId.ifPresent(id -> {
      if (id.isBlank() || id.length() > MAX_ID) {
        throw new IllegalArgumentException(
            "request id: expected 1 to " + MAX_ID + " characters, found \"" + id + "\"");
      }
    });
    timeLimit.ifPresent(limit -> {
      if (limit.isNegative() || limit.isZero()) {
        throw new IllegalArgumentException("time limit: expected above 0, found " + limit);
      }
    });
  }

  /** As every other request, and without a limit. */
  public static Scheduling defaults() {
    return new Scheduling(Optional.empty(), 0, Optional.empty());
  }

  /** With a name. */
  public Scheduling withRequestId(String id) {
    return new Scheduling(Optional.of(id), priority, timeLimit);
  }

  /** With another priority. */
  public Scheduling withPriority(int value) {
    return new Scheduling(requestId, value, timeLimit);
  }

  /** With a time limit. */
  public Scheduling withTimeLimit(Duration limit) {
    return new Scheduling(requestId, priority, Optional.of(limit));
  }
}
