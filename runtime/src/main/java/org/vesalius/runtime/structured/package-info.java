/**
 * Structured output: response formats and tool definitions become automata over bytes, and those
 * masks over the tokens of a model. {@link org.vesalius.runtime.structured.OutputConstraint} is
 * where to begin. Knows tokenizers and the marks of tool calls, no model and no logits.
 */
@NullMarked
package org.vesalius.runtime.structured;

import org.jspecify.annotations.NullMarked;
