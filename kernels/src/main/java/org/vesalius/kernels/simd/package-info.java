/**
 * The backend of the Vector API: every operation in vectors of the width that the processor
 * prefers. The only package that may import {@code jdk.incubator.vector}.
 *
 * <p>Three rules keep a token's result independent of its batch. A dot product has one definition
 * (one accumulator per lane, fused multiply-add over the columns in order, lanes summed as a tree)
 * that every tile shape computes exactly. Attention walks the keys of a sequence in blocks that are
 * aligned to position 0 and touches only keys that the query sees. Everything else is computed row
 * by row.
 *
 * <p>Vectors never leave the method chain that creates them and species are static constants:
 * otherwise the compiler allocates them.
 */
@NullMarked
package org.vesalius.kernels.simd;

import org.jspecify.annotations.NullMarked;
