/** To be described. */
@NullMarked
package org.vesalius.cli;

import org.jspecify.annotations.NullMarked;
