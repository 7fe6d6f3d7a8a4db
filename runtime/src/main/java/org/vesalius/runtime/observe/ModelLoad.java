package org.vesalius.runtime.observe;

import java.util.Optional;

/**
 * How the opening of a model went.
 *
 * @param family what the model is; empty if it did not come to that
 * @param backend what computes; empty if it did not come to that
 * @param weightBytes size of the weights in memory
 * @param error class of the exception that it ended with, if it did
 */
public record ModelLoad(String family, String backend, long weightBytes, Optional<String> error) {}
