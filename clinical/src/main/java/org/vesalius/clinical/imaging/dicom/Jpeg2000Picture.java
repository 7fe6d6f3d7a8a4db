package org.vesalius.clinical.imaging.dicom;

import java.io.IOException;

/** A JPEG 2000 picture that no DICOM elements describe: a tile of a slide. */
public final class Jpeg2000Picture {
  private static final int MOST_BITS = 16;

  private Jpeg2000Picture() {}

  /**
   * Decodes a codestream, or a JP2 file, of a known size. Colours of half or quarter resolution are
   * repeated.
   *
   * @param photometric what its samples are, for the file does not say it: {@code MONOCHROME2},
   *     {@code RGB} or {@code YBR_FULL}; the transform of JPEG 2000 itself has RGB on its other
   *     side
   * @throws IOException if it is broken, of another size or of other colours
   */
  public static StoredFrame decode(byte[] data, int columns, int rows, String photometric)
      throws IOException {
    int count = photometric.equals("MONOCHROME2") ? 1 : 3;
    ImagePixels pixels =
        new ImagePixels(
            rows, columns, count, MOST_BITS, MOST_BITS, MOST_BITS - 1, false, false, photometric);
    try {
      DecodedFrame decoded = Jpeg2000Decoder.decodeOfSlide(data, pixels);
      if (decoded.converted() && !photometric.equals("RGB")) {
        throw new CodecException(
            0, "expected %s, found RGB by the transform of JPEG 2000".formatted(photometric));
      }
      return new StoredFrame(
          columns, rows, count, decoded.precision(), false, photometric, decoded.samples());
    } catch (CodecException e) {
      throw new IOException("JPEG 2000 at byte " + e.at + ": " + e.problem(), e);
    }
  }
}
