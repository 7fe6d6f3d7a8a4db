/**
 * How pictures become embeddings: the encoder interface, its scratch memory, and the layers of
 * vision towers.
 */
@NullMarked
package org.vesalius.runtime.vision;

import org.jspecify.annotations.NullMarked;
