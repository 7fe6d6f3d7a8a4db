/**
 * Medical images as hospitals have them, on their way to a model and back: grey values of full
 * depth, windows, geometry, pictures to look at.
 */
@NullMarked
package org.vesalius.clinical.imaging;

import org.jspecify.annotations.NullMarked;
