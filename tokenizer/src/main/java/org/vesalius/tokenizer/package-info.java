/** To be described. */
@NullMarked
package org.vesalius.tokenizer;

import org.jspecify.annotations.NullMarked;
