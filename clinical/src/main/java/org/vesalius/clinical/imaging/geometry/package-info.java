/** Where pixels are: in their picture, in the picture that a model saw, and in the patient. */
@NullMarked
package org.vesalius.clinical.imaging.geometry;

import org.jspecify.annotations.NullMarked;
