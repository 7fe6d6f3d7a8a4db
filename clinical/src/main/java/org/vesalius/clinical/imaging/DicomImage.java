package org.vesalius.clinical.imaging;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.vesalius.clinical.imaging.dicom.Deidentification;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.StoredFrame;
import org.vesalius.clinical.imaging.dicom.UnsupportedTransferSyntaxException;

/** A DICOM file with its frames in the order of the file. */
public final class DicomImage implements MedicalImage {
  private final DicomFile file;

  private DicomImage(DicomFile file) {
    this.file = file;
  }

  /**
   * Opens a file.
   *
   * @throws DicomFormatException if it is not DICOM, or broken
   * @throws MedicalImageException if it holds no pixels
   * @throws UncheckedIOException if it cannot be read
   */
  public static DicomImage open(Path path) {
    return of(DicomFile.read(path));
  }

  /**
   * A file that was read already.
   *
   * @throws MedicalImageException if it holds no pixels
   */
  public static DicomImage of(DicomFile file) {
    if (file.frames() == 0) {
      throw new MedicalImageException(
          file.name() + ": DICOM: expected pixels, found none; give a file that holds an image");
    }
    return new DicomImage(file);
  }

  /** The file. */
  public DicomFile file() {
    return file;
  }

  @Override
  public String kind() {
    return "DICOM file";
  }

  @Override
  public int frames() {
    return file.frames();
  }

  /**
   * {@inheritDoc}
   *
   * @throws DicomFormatException if its pixels are broken
   * @throws UnsupportedTransferSyntaxException if its pixels are of a transfer syntax that is not
   *     decoded
   */
  @Override
  public Frame frame(int index) {
    Objects.checkIndex(index, frames());
    FrameAttributes attributes = new FrameAttributes(file.dataSet(), index);
    if (file.hasRealPixels()) {
      return new DicomGrey(file.name(), attributes)
          .frame(file.realFrame(index), DicomPlacement.of(attributes));
    }
    StoredFrame stored = file.frame(index);
    Placement place = DicomPlacement.of(attributes);
    return switch (stored.photometric()) {
      case "MONOCHROME1", "MONOCHROME2" ->
          new DicomGrey(file.name(), attributes).frame(stored, place);
      default -> DicomColour.frame(file, stored, place);
    };
  }

  /** Where a frame is, without decoding it. */
  public Placement place(int index) {
    return DicomPlacement.of(new FrameAttributes(file.dataSet(), index));
  }

  @Override
  public Map<String, Object> facts() {
    return DicomFacts.of(file);
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    switch (Deidentification.burnedIn(file.dataSet())) {
      case YES ->
          notes.add(
              "the file says that text is burned into its pictures, which may name the patient");
      case LIKELY ->
          notes.add("pictures of this kind often have text burned in, which may name the patient");
      case UNKNOWN, NO -> {}
    }
    if (new DicomGrey(file.name(), new FrameAttributes(file.dataSet(), 0)).hasUnusableWindows()) {
      notes.add("a window of the file is not one that DICOM allows, and is not used");
    }
    return notes;
  }

  @Override
  public String toString() {
    return kind() + " " + file.name();
  }
}
