package org.vesalius.clinical.imaging.slide;

import java.io.IOException;
import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.Jpeg2000Picture;
import org.vesalius.clinical.imaging.dicom.RgbSamples;
import org.vesalius.clinical.imaging.dicom.StoredFrame;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.TileDecoder;

/**
 * Tiles in JPEG 2000, as Aperio's scanners write them (compressions 33003 and 33005) and others
 * (34712). Not 33004: what libvips writes there is YCbCr under the codec's transform of RGB, and
 * says RGB.
 */
final class Jpeg2000Tiles implements TileDecoder {
  private static final int APERIO_YCBCR = 33003;
  private static final int APERIO_RGB = 33005;
  private static final int JPEG_2000 = 34712;

  private static final int BLACK_IS_ZERO = 1;
  private static final int RGB = 2;
  private static final int YCBCR = 6;

  /** Whether a compression is one of these. */
  static boolean decodes(int compression) {
    return compression == APERIO_YCBCR || compression == APERIO_RGB || compression == JPEG_2000;
  }

  @Override
  public Optional<RasterImage> decode(Coding coding, byte[] tile) throws IOException {
    Optional<String> colours = photometric(coding);
    if (colours.isEmpty()) {
      return Optional.empty();
    }
    StoredFrame frame =
        Jpeg2000Picture.decode(tile, coding.width(), coding.height(), colours.get());
    return Optional.of(
        frame.samplesPerPixel() == 1
            ? grey(frame)
            : RasterImage.ofRgb(frame.columns(), frame.rows(), RgbSamples.of(frame).orElseThrow()));
  }

  /** What its samples are; the compressions of Aperio say so themselves. */
  private static Optional<String> photometric(Coding coding) throws IOException {
    int compression = coding.compression();
    if (!decodes(compression)) {
      return Optional.empty();
    }
    boolean grey = compression != APERIO_YCBCR && coding.photometric() == BLACK_IS_ZERO;
    if (coding.samples() == 1 && grey) {
      return Optional.of("MONOCHROME2");
    }
    if (coding.samples() == 3 && compression == APERIO_YCBCR) {
      return Optional.of("YBR_FULL");
    }
    boolean rgb = compression == APERIO_RGB || coding.photometric() == RGB;
    if (coding.samples() == 3 && (rgb || coding.photometric() == YCBCR)) {
      return Optional.of(rgb ? "RGB" : "YBR_FULL");
    }
    throw new IOException(
        "JPEG 2000: expected grey, RGB or YCbCr, found %d samples of photometric interpretation %d"
            .formatted(coding.samples(), coding.photometric()));
  }

  private static RasterImage grey(StoredFrame frame) {
    int[] samples = frame.samples();
    double scale = 65535.0 / ((1 << frame.bitsStored()) - 1);
    if (frame.bitsStored() > 8) {
      char[] grey = new char[samples.length];
      for (int i = 0; i < grey.length; i++) {
        grey[i] = (char) Math.rint(samples[i] * scale);
      }
      return RasterImage.ofGray16(frame.columns(), frame.rows(), grey);
    }
    byte[] grey = new byte[samples.length];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = (byte) Math.rint(samples[i] * scale / 257);
    }
    return RasterImage.ofGray8(frame.columns(), frame.rows(), grey);
  }
}
