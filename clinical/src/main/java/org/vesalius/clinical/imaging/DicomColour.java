package org.vesalius.clinical.imaging;

import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.StoredFrame;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.runtime.vision.image.RasterImage;

/** Colours of a DICOM file as RGB of 8 bits (PS3.3 C.7.6.3.1.2). */
final class DicomColour {
  private DicomColour() {}

  static ColourFrame frame(DicomFile file, StoredFrame stored, Placement place) {
    StoredFrame colours =
        stored.photometric().equals("PALETTE COLOR")
            ? file.palette()
                .orElseThrow(
                    () -> fail(file, "PALETTE COLOR: expected its colour tables, found none"))
                .apply(stored)
            : stored;
    if (colours.samplesPerPixel() != 3) {
      throw fail(file, "expected 3 samples of a colour, found " + colours.samplesPerPixel());
    }
    byte[] rgb = new byte[colours.samples().length];
    switch (colours.photometric()) {
      case "RGB" -> rgb(colours, rgb);
      case "YBR_FULL", "YBR_FULL_422" -> full(colours, rgb);
      case "YBR_PARTIAL_422", "YBR_PARTIAL_420" -> partial(file, colours, rgb);
      default ->
          throw fail(
              file,
              "photometric interpretation "
                  + colours.photometric()
                  + " cannot be shown; convert the file to RGB");
    }
    return new ColourFrame(
        new PlacedPicture(
            RasterImage.ofRgb(stored.columns(), stored.rows(), rgb),
            PixelTransform.of(stored.columns(), stored.rows()),
            place));
  }

  private static MedicalImageException fail(DicomFile file, String problem) {
    return new MedicalImageException(file.name() + ": DICOM: " + problem);
  }

  private static void rgb(StoredFrame frame, byte[] rgb) {
    int[] samples = frame.samples();
    double full = full(frame);
    // What a lossy codec made brighter than white is white; what has a sign by mistake has none.
    long bits = frame.signed() ? (1L << frame.bitsStored()) - 1 : 0xffff_ffffL;
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = rounded((samples[i] & bits) * 255 / full);
    }
  }

  private static double full(StoredFrame frame) {
    return (1L << frame.bitsStored()) - 1;
  }

  private static void full(StoredFrame frame, byte[] rgb) {
    int[] samples = frame.samples();
    double scale = 255 / full(frame);
    double middle = 1L << (frame.bitsStored() - 1);
    for (int i = 0; i < rgb.length; i += 3) {
      double y = samples[i] * scale;
      double cb = (samples[i + 1] - middle) * scale;
      double cr = (samples[i + 2] - middle) * scale;
      put(rgb, i, y, cb, cr);
    }
  }

  /** Y from 16 to 235, the others from 16 to 240. */
  private static void partial(DicomFile file, StoredFrame frame, byte[] rgb) {
    if (frame.bitsStored() != 8) {
      throw fail(file, frame.photometric() + ": expected 8 bits, found " + frame.bitsStored());
    }
    int[] samples = frame.samples();
    for (int i = 0; i < rgb.length; i += 3) {
      double y = (samples[i] - 16) * 255 / 219.0;
      double cb = (samples[i + 1] - 128) * 255 / 224.0;
      double cr = (samples[i + 2] - 128) * 255 / 224.0;
      put(rgb, i, y, cb, cr);
    }
  }

  private static void put(byte[] rgb, int at, double y, double cb, double cr) {
    rgb[at] = rounded(y + 1.402 * cr);
    rgb[at + 1] = rounded(y - 0.114 * 1.772 / 0.587 * cb - 0.299 * 1.402 / 0.587 * cr);
    rgb[at + 2] = rounded(y + 1.772 * cb);
  }

  private static byte rounded(double value) {
    return (byte) Math.clamp((long) Math.floor(value + 0.5), 0, 255);
  }
}
