package org.vesalius.runtime;

/**
 * Follows a generation. Called on the generating thread, in order; what it throws ends the request
 * and reaches the caller.
 */
@FunctionalInterface
public interface GenerationListener {
  /** Ignores everything. */
  GenerationListener NONE = _ -> {};

  /** Called for each event. */
  void on(GenerationEvent event);
}
