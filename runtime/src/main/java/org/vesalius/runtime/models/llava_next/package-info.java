/** LLaVA-Next as transformers stores it: pictures also in tiles. */
@NullMarked
package org.vesalius.runtime.models.llava_next;

import org.jspecify.annotations.NullMarked;
