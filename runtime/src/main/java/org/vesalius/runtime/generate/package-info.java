/**
 * From a prompt to an answer: prompt encoding, the step loop, sampling, stopping, and the text
 * stream.
 */
@NullMarked
package org.vesalius.runtime.generate;

import org.jspecify.annotations.NullMarked;
