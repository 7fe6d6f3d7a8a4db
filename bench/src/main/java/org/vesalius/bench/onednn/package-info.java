/** Matrix products of the oneDNN library, a peer to hold our own against. */
@NullMarked
package org.vesalius.bench.onednn;

import org.jspecify.annotations.NullMarked;
