/** To be described. */
@NullMarked
package org.vesalius.loader;

import org.jspecify.annotations.NullMarked;
