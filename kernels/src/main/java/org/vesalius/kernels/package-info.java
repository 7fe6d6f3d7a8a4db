/**
 * The seam between models and hardware: {@link org.vesalius.kernels.Kernels} is the one interface
 * of transformer-level operations, {@link org.vesalius.kernels.Tensor} and {@link
 * org.vesalius.kernels.Weight} are what it computes on, and {@link org.vesalius.kernels.Backends}
 * finds who can do it on this machine.
 */
@NullMarked
package org.vesalius.kernels;

import org.jspecify.annotations.NullMarked;
