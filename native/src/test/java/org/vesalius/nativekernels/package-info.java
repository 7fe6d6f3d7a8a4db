/** Tests of what the contract tests of {@code kernels} do not see: loading, and leaving nothing. */
@NullMarked
package org.vesalius.nativekernels;

import org.jspecify.annotations.NullMarked;
