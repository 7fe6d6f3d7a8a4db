/** Reports as DICOM structured reports. */
@NullMarked
package org.vesalius.clinical.report.sr;

import org.jspecify.annotations.NullMarked;
