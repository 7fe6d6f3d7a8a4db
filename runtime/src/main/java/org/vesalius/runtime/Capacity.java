package org.vesalius.runtime;

/**
 * How many requests a model serves at a time, and what it keeps for those to come.
 *
 * @param requests how many are computed together at most; others wait. More of them read the
 *     weights once for more tokens, and need memory for their keys and values
 * @param queue how many may wait; others are refused with {@link QueueFullException}
 * @param prefixTokens how many tokens of requests that have ended stay in the key/value cache, so
 *     that a request that begins alike, such as the next turn of a conversation, need not compute
 *     them again; 0 for none
 */
public record Capacity(int requests, int queue, long prefixTokens) {
  private static final int REQUESTS = 16;
  private static final int QUEUE = 256;
  private static final long PREFIX_TOKENS = 16_384;

  /** Checks the ranges. */
  public Capacity {
    if (requests < 1) {
      throw new IllegalArgumentException("requests: expected at least 1, found " + requests);
    }
    if (queue < 0) {
      throw new IllegalArgumentException("queue: expected at least 0, found " + queue);
    }
    if (prefixTokens < 0) {
      throw new IllegalArgumentException(
          "prefix tokens: expected at least 0, found " + prefixTokens);
    }
  }

  /** 16 requests at a time, 256 that wait, 16,384 tokens kept. */
  public static Capacity defaults() {
    return new Capacity(REQUESTS, QUEUE, PREFIX_TOKENS);
  }

  /** With so many at a time. */
  public Capacity withRequests(int count) {
    return new Capacity(count, queue, prefixTokens);
  }

  /** With so many that may wait. */
  public Capacity withQueue(int count) {
    return new Capacity(requests, count, prefixTokens);
  }

  /** With so many tokens kept. */
  public Capacity withPrefixTokens(long tokens) {
    return new Capacity(requests, queue, tokens);
  }
}
