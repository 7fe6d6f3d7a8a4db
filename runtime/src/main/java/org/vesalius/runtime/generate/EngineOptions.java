package org.vesalius.runtime.generate;

import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.observe.EngineObserver;

/**
 * The sizes of an engine, and who watches it.
 *
 * @param chunk how many tokens of prompts a step reads at most; more where the tokens of an image
 *     cannot be parted
 * @param context largest number of tokens of a sequence
 * @param cacheFormat how keys and values are stored
 * @param cacheTokens largest number of tokens of all sequences together
 * @param retainedTokens how many tokens of requests that have ended stay in the cache, for others
 *     that begin alike; 0 for none
 * @param imageBytes how many bytes of embeddings of images are kept for requests with the same
 *     image
 * @param requests how many requests are computed together at most
 * @param queue how many more may wait
 * @param observer is told what the engine does; must not throw
 */
public record EngineOptions(
    int chunk,
    int context,
    CacheFormat cacheFormat,
    long cacheTokens,
    long retainedTokens,
    long imageBytes,
    int requests,
    int queue,
    EngineObserver observer) {

  /** For sequences that are driven by hand, one at a time. */
  public static EngineOptions single(
      int chunk, int context, CacheFormat cacheFormat, long cacheTokens) {
    return new EngineOptions(
        chunk, context, cacheFormat, cacheTokens, 0, 0, 1, 0, EngineObserver.NONE);
  }
}
