/** A program of somebody else, built from the artifacts alone. */
@NullMarked
package org.vesalius.consumer;

import org.jspecify.annotations.NullMarked;
