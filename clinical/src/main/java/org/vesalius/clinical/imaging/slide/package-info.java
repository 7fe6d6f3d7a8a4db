/** Pictures that are too large to be decoded at once, such as slides of pathology. */
@NullMarked
package org.vesalius.clinical.imaging.slide;

import org.jspecify.annotations.NullMarked;
