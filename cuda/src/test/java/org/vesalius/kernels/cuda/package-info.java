/** Tests of the backend of GPUs, on a simulated device. */
@NullMarked
package org.vesalius.kernels.cuda;

import org.jspecify.annotations.NullMarked;
