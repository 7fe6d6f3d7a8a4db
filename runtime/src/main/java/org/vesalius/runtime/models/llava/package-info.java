/** The LLaVA family. */
@NullMarked
package org.vesalius.runtime.models.llava;

import org.jspecify.annotations.NullMarked;
