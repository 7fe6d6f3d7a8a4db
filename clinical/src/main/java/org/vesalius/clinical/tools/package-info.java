/** The tools that every agent may be given; none of them uses a network. */
@NullMarked
package org.vesalius.clinical.tools;

import org.jspecify.annotations.NullMarked;
