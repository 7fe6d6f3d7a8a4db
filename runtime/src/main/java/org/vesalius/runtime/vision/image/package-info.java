/** Pictures in, patches out: decoding, Pillow-equal resampling, normalization and patch order. */
@NullMarked
package org.vesalius.runtime.vision.image;

import org.jspecify.annotations.NullMarked;
