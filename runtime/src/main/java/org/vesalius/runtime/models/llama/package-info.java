/** The Llama family. */
@NullMarked
package org.vesalius.runtime.models.llama;

import org.jspecify.annotations.NullMarked;
