/**
 * What an engine tells about itself while it works: to observers, to Flight Recorder and to logs.
 * Counts, times and names of requests, never a word of a prompt or an answer.
 */
@NullMarked
package org.vesalius.runtime.observe;

import org.jspecify.annotations.NullMarked;
