package org.vesalius.runtime.observe;

import java.util.Locale;
import java.util.Optional;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;

/**
 * How a request ended: with a reason, or with an error.
 *
 * @param reason why the answer ended, if there is one
 * @param error class of the exception that it ended with, if it did; its message might tell what is
 *     in a prompt
 * @param usage tokens that went in and out
 * @param timings where the time went
 * @param totalNanos from the call to the end
 */
public record RequestOutcome(
    Optional<FinishReason> reason,
    Optional<String> error,
    Generation.Usage usage,
    Generation.Timings timings,
    long totalNanos) {

  /** Checks that it is one of the two. */
  public RequestOutcome {
    if (reason.isPresent() == error.isPresent()) {
      throw new IllegalArgumentException(
          "expected a reason or an error, found " + reason + " and " + error);
    }
  }

  /** One word for the end: a {@link FinishReason} in lower case, or {@code error}. */
  public String ending() {
    return reason.map(r -> r.name().toLowerCase(Locale.ROOT)).orElse("error");
  }
}
