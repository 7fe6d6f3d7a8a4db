/** A strict reader of DICOM files (PS3.5, PS3.10) and the codecs of their pixels. */
@NullMarked
package org.vesalius.clinical.imaging.dicom;

import org.jspecify.annotations.NullMarked;
