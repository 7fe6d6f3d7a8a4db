/**
 * Volumes as the neuroimaging informatics technology initiative stores them: NIfTI-1 and NIfTI-2.
 */
@NullMarked
package org.vesalius.clinical.imaging.nifti;

import org.jspecify.annotations.NullMarked;
