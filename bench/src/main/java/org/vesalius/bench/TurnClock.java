package org.vesalius.bench;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/** Keeps the time per call of each measured JMH iteration, so that a fork can print its median. */
final class TurnClock {
  private final List<Double> seconds = new ArrayList<>();
  private boolean measuring;
  private long calls;
  private long start;

  /** Whether an iteration counts, warm-ups do not. */
  static boolean counts(IterationParams iteration) {
    return iteration.getType() == IterationType.MEASUREMENT;
  }

  /** Begins an iteration. */
  void begin(IterationParams iteration) {
    measuring = counts(iteration);
    calls = 0;
    start = System.nanoTime();
  }

  /** One call has been made. */
  void call() {
    calls++;
  }

  /** Ends an iteration. */
  void end() {
    double elapsed = (System.nanoTime() - start) / 1e9;
    if (measuring && calls > 0) {
      seconds.add(elapsed / calls);
    }
  }

  /** Adds a time that was taken elsewhere. */
  void add(double secondsPerCall) {
    seconds.add(secondsPerCall);
  }

  boolean isEmpty() {
    return seconds.isEmpty();
  }

  Alternation.Seconds seconds() {
    return Alternation.Seconds.of(seconds.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
