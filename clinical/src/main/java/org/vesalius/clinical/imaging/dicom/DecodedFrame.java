package org.vesalius.clinical.imaging.dicom;

/**
 * What a codec makes of a coded frame, before the file's elements say what it means.
 *
 * @param precision bits of a sample as the coded frame says
 * @param converted whether the codec has undone a transform of colours, so that they are RGB
 * @param samples (rows, columns, components)
 */
@SuppressWarnings("ArrayRecordComponent") // inside this package; never compared
record DecodedFrame(
    int columns, int rows, int components, int precision, boolean converted, int[] samples) {}
