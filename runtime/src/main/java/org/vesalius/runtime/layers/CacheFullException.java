package org.vesalius.runtime.layers;

/** Says that the key/value cache holds as many tokens as it may. */
public final class CacheFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CacheFullException(long tokens) {
    super(
        "the key/value cache is full: it may hold "
            + tokens
            + " tokens of all running requests together; wait for a request to end or open the model with a larger cache");
  }
}
