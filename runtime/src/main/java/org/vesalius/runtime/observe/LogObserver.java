package org.vesalius.runtime.observe;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Writes a line for each request that ended to the logger {@code org.vesalius.runtime}, at level
 * DEBUG, which is silent unless it is asked for.
 */
public final class LogObserver implements EngineObserver {
  private final Logger log;

  /** For the logger of the runtime. */
  public LogObserver() {
    this(System.getLogger("org.vesalius.runtime"));
  }

  LogObserver(Logger log) {
    this.log = log;
  }

  @Override
  public boolean followsSteps() {
    return false;
  }

  @Override
  public void loadEnds(ModelLoad load, long nanos) {
    log.log(
        Level.DEBUG,
        () ->
            load.error()
                .map(error -> "model not opened: " + error)
                .orElseGet(() ->
                    "model open: %s, %s, %d MiB, %d ms"
                        .formatted(
                            load.family(),
                            load.backend(),
                            load.weightBytes() >> 20,
                            millis(nanos))));
  }

  @Override
  public void preempted(ObservedRequest request) {
    log.log(Level.DEBUG, () -> "request " + request.id() + ": waits again, others need its pages");
  }

  @Override
  public void finished(ObservedRequest request, RequestOutcome outcome) {
    log.log(
        Level.DEBUG,
        () ->
            "request %s: %s; %d prompt tokens (%d of pictures, %d cached), %d generated; %d ms (%d ms waiting, %d ms to the first token)"
                .formatted(
                    request.id(),
                    outcome.error().orElse(outcome.ending()),
                    outcome.usage().promptTokens(),
                    outcome.usage().imageTokens(),
                    outcome.usage().cachedTokens(),
                    outcome.usage().completionTokens(),
                    millis(outcome.totalNanos()),
                    millis(outcome.timings().queueNanos()),
                    millis(outcome.timings().firstTokenNanos())));
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
