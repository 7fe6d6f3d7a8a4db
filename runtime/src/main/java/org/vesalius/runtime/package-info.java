/** To be described. */
@NullMarked
package org.vesalius.runtime;

import org.jspecify.annotations.NullMarked;
