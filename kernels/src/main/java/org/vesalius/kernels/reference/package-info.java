/**
 * Scalar Java with double accumulation: the definition of every operation and the oracle of every
 * other backend. Written to be read; a page of plain loops per operation.
 */
@NullMarked
package org.vesalius.kernels.reference;

import org.jspecify.annotations.NullMarked;
