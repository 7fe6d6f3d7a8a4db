/**
 * The backend of NVIDIA's GPUs: context, memory, streams and launches by JCuda's binding of the
 * driver, matrix products of many tokens by cuBLAS, everything else by the kernels that {@code
 * kernels.h} declares. The only package that may import {@code jcuda}.
 *
 * <p>Every call of the driver is checked. Calls return before the device has computed; what it
 * finds wrong later is told by the next read. Memory of the device is never touched by Java: its
 * segments are addresses with a size.
 */
@NullMarked
package org.vesalius.kernels.cuda;

import org.jspecify.annotations.NullMarked;
