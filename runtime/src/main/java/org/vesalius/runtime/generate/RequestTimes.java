package org.vesalius.runtime.generate;

import org.vesalius.runtime.Generation;

/** When a request was where, by {@link System#nanoTime}. Belongs to whom the request belongs to. */
final class RequestTimes {
  private final long begin;
  private final long preprocessed;
  private long started;
  private long prefilled;
  private long vision;
  private long lastTokens;
  private long ended;

  /**
   * Of a request whose prompt is encoded now.
   *
   * @param begin when it was made
   */
  RequestTimes(long begin) {
    this.begin = begin;
    preprocessed = System.nanoTime();
  }

  /**
   * It takes part.
   *
   * @return whether for the first time
   */
  boolean start() {
    if (started != 0) {
      return false;
    }
    started = System.nanoTime();
    return true;
  }

  /** How long it waited before it took part. */
  long queueNanos() {
    return started - preprocessed;
  }

  /** Its images were encoded. */
  void addVision(long nanos) {
    vision += nanos;
  }

  /** Its whole prompt is in the cache; the first time counts. */
  void prefill() {
    if (prefilled == 0) {
      prefilled = System.nanoTime();
    }
  }

  /** From the call until {@code then}. */
  long sinceCall(long then) {
    return then - begin;
  }

  /** It has tokens; how long after those before. */
  long tokens() {
    long before = lastTokens;
    lastTokens = System.nanoTime();
    return lastTokens - before;
  }

  /** It has ended. */
  void end() {
    ended = System.nanoTime();
  }

  /** From the call to the end. */
  long totalNanos() {
    return ended - begin;
  }

  /**
   * Where the time went. A phase that was kept from ending counts up to the end.
   *
   * @param firstToken when the first token was there; 0 if there is none
   */
  Generation.Timings timings(long firstToken) {
    long start = started == 0 ? ended : started;
    long prefill = prefilled == 0 ? ended : prefilled;
    return new Generation.Timings(
        preprocessed - begin,
        start - preprocessed,
        vision,
        Math.max(0, prefill - start - vision),
        firstToken == 0 ? 0 : ended - firstToken,
        firstToken == 0 ? 0 : firstToken - begin);
  }
}
