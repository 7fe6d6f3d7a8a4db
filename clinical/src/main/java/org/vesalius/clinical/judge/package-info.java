/** Asking a model which of some answers holds, without letting it write. */
@NullMarked
package org.vesalius.clinical.judge;

import org.jspecify.annotations.NullMarked;
