/**
 * From a conversation to the text of a prompt: chat templates, and which parts of the text must
 * never be read as control tokens.
 */
@NullMarked
package org.vesalius.runtime.prompt;

import org.jspecify.annotations.NullMarked;
