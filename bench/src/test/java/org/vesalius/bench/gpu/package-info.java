@NullMarked
package org.vesalius.bench.gpu;

import org.jspecify.annotations.NullMarked;
