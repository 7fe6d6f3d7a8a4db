package org.vesalius.clinical.report;

import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.dicom.DicomFile;

/**
 * A picture that a report is about.
 *
 * @param index that places use
 * @param origin the file, as the caller named it
 * @param frame of the file, from 1; empty where it has none
 * @param prior whether it is an earlier one, for comparison
 * @param dicom the file; empty where it is none, and a structured report cannot refer to it
 */
public record ReportImage(
    int index, String origin, OptionalInt frame, boolean prior, Optional<DicomFile> dicom) {}
