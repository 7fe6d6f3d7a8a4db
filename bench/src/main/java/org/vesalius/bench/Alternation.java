package org.vesalius.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Takes the time of engines that take turns in one process, since a shared machine that is slow for
 * a minute should be slow for all of them. Before each turn comes a pause, in which the threads of
 * the engine before fall asleep, and one call that is not timed.
 *
 * @param rounds turns of each engine; odd ones begin with the last engine
 * @param turnNanos how long a turn takes at least
 */
record Alternation(int rounds, long turnNanos) {
  /** Longer than threads of OpenMP and of our pool stay awake after a call. */
  private static final long PAUSE_NANOS = 10_000_000;

  Alternation {
    if (rounds < 1 || turnNanos < 0) {
      throw new IllegalArgumentException(
          "rounds: expected at least 1 and a time of at least 0, found "
              + rounds
              + " and "
              + turnNanos);
    }
  }

  /**
   * Seconds per call.
   *
   * @param median of the rounds
   * @param least of the rounds
   * @param most of the rounds
   */
  record Seconds(double median, double least, double most) {
    static Seconds of(double... rounds) {
      double[] sorted = rounds.clone();
      Arrays.sort(sorted);
      int middle = sorted.length / 2;
      double median =
          sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
      return new Seconds(median, sorted[0], sorted[sorted.length - 1]);
    }
  }

  /** Seconds of each engine, in their order. */
  List<Seconds> measure(List<Runnable> engines) {
    double[][] seconds = new double[engines.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < engines.size(); i++) {
        int turn = round % 2 == 0 ? i : engines.size() - 1 - i;
        seconds[turn][round] = turn(engines.get(turn), turnNanos);
      }
    }
    List<Seconds> all = new ArrayList<>();
    for (double[] ofEngine : seconds) {
      all.add(Seconds.of(ofEngine));
    }
    return all;
  }

  /** Seconds per call of one turn. */
  static double turn(Runnable engine, long nanos) {
    rest();
    engine.run();
    long start = System.nanoTime();
    long calls = 0;
    long now;
    do {
      engine.run();
      calls++;
      now = System.nanoTime();
    } while (now - start < nanos);
    return (now - start) / 1e9 / calls;
  }

  /** Calls an engine until its code has been compiled. */
  static void warm(Runnable engine, long nanos) {
    long start = System.nanoTime();
    do {
      engine.run();
    } while (System.nanoTime() - start < nanos);
  }

  /** Lets all threads fall asleep. */
  static void rest() {
    long until = System.nanoTime() + PAUSE_NANOS;
    for (long left = PAUSE_NANOS; left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
