package org.vesalius.clinical.imaging;

import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.RgbSamples;
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
    byte[] rgb =
        RgbSamples.of(colours)
            .orElseThrow(() ->
                fail(
                    file,
                    "%s of %d bits cannot be shown; convert the file to RGB of 8 bits"
                        .formatted(colours.photometric(), colours.bitsStored())));
    return new ColourFrame(
        new PlacedPicture(
            RasterImage.ofRgb(stored.columns(), stored.rows(), rgb),
            PixelTransform.of(stored.columns(), stored.rows()),
            place));
  }

  private static MedicalImageException fail(DicomFile file, String problem) {
    return new MedicalImageException(file.name() + ": DICOM: " + problem);
  }
}
