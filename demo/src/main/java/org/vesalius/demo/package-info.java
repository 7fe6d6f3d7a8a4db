/** To be described. */
@NullMarked
package org.vesalius.demo;

import org.jspecify.annotations.NullMarked;
