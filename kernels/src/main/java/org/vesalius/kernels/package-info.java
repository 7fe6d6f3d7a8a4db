/** To be described. */
@NullMarked
package org.vesalius.kernels;

import org.jspecify.annotations.NullMarked;
