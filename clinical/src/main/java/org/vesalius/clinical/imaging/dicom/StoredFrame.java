package org.vesalius.clinical.imaging.dicom;

/**
 * One frame as it is stored, after its codec and before any look-up table: the values of the
 * modality or colours.
 *
 * @param columns pixels in a row
 * @param rows rows
 * @param samplesPerPixel 1 (grey or an index into a palette) or 3 (colour)
 * @param bitsStored bits of a sample that count, 1 to 32; errors of a lossy codec may go beyond
 * @param signed whether samples are two's complement; {@code samples} are extended accordingly
 * @param photometric PS3.3 C.7.6.3.1.2 after decoding: {@code MONOCHROME1}, {@code MONOCHROME2},
 *     {@code PALETTE COLOR}, {@code RGB} or one of the {@code YBR} kinds
 * @param samples {@code rows * columns * samplesPerPixel} values, the samples of a pixel together
 */
@SuppressWarnings(
    "ArrayRecordComponent") // read-only by contract; copying a frame would double its memory
public record StoredFrame(
    int columns,
    int rows,
    int samplesPerPixel,
    int bitsStored,
    boolean signed,
    String photometric,
    int[] samples) {}
