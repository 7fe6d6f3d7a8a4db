/** Tests of the measurement of quality. */
@NullMarked
package org.vesalius.bench.quality;

import org.jspecify.annotations.NullMarked;
