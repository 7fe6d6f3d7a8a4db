package org.vesalius.clinical.imaging.dicom;

/**
 * One frame of floating point numbers as they are stored, before any rescale or look-up table.
 *
 * @param columns pixels in a row
 * @param rows rows
 * @param photometric {@code MONOCHROME1} or {@code MONOCHROME2}
 * @param values {@code rows * columns} of them; those of 32 bits are exact
 */
@SuppressWarnings("ArrayRecordComponent") // read-only by contract, as those of StoredFrame
public record RealFrame(int columns, int rows, String photometric, double[] values) {}
