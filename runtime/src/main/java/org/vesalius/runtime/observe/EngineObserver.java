package org.vesalius.runtime.observe;

/**
 * Sees what an engine does, request by request and step by step. Every method does nothing unless
 * it is overridden.
 *
 * <p>Calls for one engine come in order, but from several threads: {@link #queued} from the thread
 * that asks, steps and what follows from them from the engine's own. They hold up the engine, so
 * they have to return quickly. An observer that throws is told nothing any more.
 *
 * <p>Durations are nanoseconds. No method is given text of a prompt or an answer.
 */
public interface EngineObserver {
  /** Sees nothing. */
  EngineObserver NONE =
      new EngineObserver() {
        @Override
        public boolean followsSteps() {
          return false;
        }
      };

  /**
   * Whether {@link #stepBegins}, {@link #stepEnds}, {@link #tokens} and {@link #cache} mean
   * anything to it at the moment. Asked for every step, so that the engine need not put together
   * what nobody looks at; it may be told nevertheless.
   */
  default boolean followsSteps() {
    return true;
  }

  /** A model begins to be opened. */
  default void loadBegins(String directory) {}

  /** It is open, or could not be opened. On the same thread as {@link #loadBegins}. */
  default void loadEnds(ModelLoad load, long nanos) {}

  /** A request was accepted and waits. */
  default void queued(ObservedRequest request) {}

  /** How many requests wait and run, whenever it changes. */
  default void population(int waiting, int running) {}

  /**
   * A request begins to run, for the first time.
   *
   * @param promptTokens length of its prompt
   * @param cachedTokens how many of them are in the cache already
   * @param queueNanos how long it waited
   */
  default void started(
      ObservedRequest request, int promptTokens, int cachedTokens, long queueNanos) {}

  /** A request has to wait again, since others need its pages. */
  default void preempted(ObservedRequest request) {}

  /** It goes on, with so many tokens in the cache. */
  default void resumed(ObservedRequest request, int cachedTokens) {}

  /** A picture is looked up, and encoded if need be; one at a time for a request. */
  default void visionBegins(ObservedRequest request, int image) {}

  /** The picture is encoded. Does not come where that fails or the request ends meanwhile. */
  default void visionEnds(ObservedRequest request, VisionWork work, long nanos) {}

  /** A step begins. There is one at a time. */
  default void stepBegins(EngineStep step) {}

  /**
   * The step has been computed, or has failed. The time has in it what a picture that is being
   * encoded made the step wait.
   */
  default void stepEnds(EngineStep step, long nanos) {}

  /** A request has its first token, so long after the call. */
  default void firstToken(ObservedRequest request, long nanos) {}

  /**
   * A request has more tokens.
   *
   * @param count how many; more than one where guesses were right
   * @param nanos since the tokens before; 0 where they came with the first
   */
  default void tokens(ObservedRequest request, int count, long nanos) {}

  /** What the cache's pages are used for, after a step that changed it. */
  default void cache(CacheUse use) {}

  /** A request has ended; the last call for it. Also for one that never ran. */
  default void finished(ObservedRequest request, RequestOutcome outcome) {}
}
