/**
 * Rounds matrices to fewer bits: {@link org.vesalius.kernels.quantize.Quantizer} turns a weight as
 * a checkpoint stores it into one of integers or of bfloat16.
 */
@NullMarked
package org.vesalius.kernels.quantize;

import org.jspecify.annotations.NullMarked;
