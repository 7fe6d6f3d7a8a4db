package org.vesalius.runtime;

/**
 * Follows a generation. Called on the thread that asked, in order; steps do not wait for it, so it
 * may hear of a token when more have been computed. What it throws ends the request and reaches the
 * caller.
 */
@FunctionalInterface
public interface GenerationListener {
  /** Ignores everything. */
  GenerationListener NONE = _ -> {};

  /** Called for each event. */
  void on(GenerationEvent event);
}
