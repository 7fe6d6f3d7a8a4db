/** Tests of the tokenizer, many of them against the reference implementation. */
@NullMarked
package org.vesalius.tokenizer;

import org.jspecify.annotations.NullMarked;
