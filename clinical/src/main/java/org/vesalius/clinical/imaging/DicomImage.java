package org.vesalius.clinical.imaging;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.Deidentification;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.StoredFrame;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.dicom.UnsupportedTransferSyntaxException;

/** A DICOM file with its frames in the order of the file. */
public final class DicomImage implements MedicalImage {
  private final DicomFile file;
  private final PixelMask mask;

  private DicomImage(DicomFile file, PixelMask mask) {
    this.file = file;
    this.mask = mask;
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
    return new DicomImage(file, PixelMask.NONE);
  }

  /** The file; what it holds is not masked. */
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
    return decoded(index).hiding(hidden(index));
  }

  private Frame decoded(int index) {
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
    expected().map(text -> text.note(mask)).ifPresent(notes::add);
    notes.addAll(windowNotes());
    return notes;
  }

  /** What is odd about windows. */
  List<String> windowNotes() {
    List<String> notes = new ArrayList<>();
    if (new DicomGrey(file.name(), new FrameAttributes(file.dataSet(), 0)).hasUnusableWindows()) {
      notes.add("a window of the file is not one that DICOM allows, and is not used");
    }
    return notes;
  }

  @Override
  public DicomImage masked(PixelMask other) {
    DicomImage masked = new DicomImage(file, other);
    List<PixelMask.Rectangle> unused = masked.hidden(0); // refuses what does not fit
    return masked;
  }

  @Override
  public List<PixelMask.Rectangle> hidden(int index) {
    return mask.isEmpty()
        ? List.of()
        : mask.in(file.name(), columns(), rows(), mask.outsideRegions() ? regions() : List.of());
  }

  private int columns() {
    return file.dataSet().integer(Tag.COLUMNS).orElse(0);
  }

  private int rows() {
    return file.dataSet().integer(Tag.ROWS).orElse(0);
  }

  private List<PixelMask.Rectangle> regions() {
    return UltrasoundRegions.of(file.name(), file.dataSet(), columns(), rows());
  }

  @Override
  public Optional<BurnedInText> burnedIn() {
    return mask.isEmpty() ? expected() : Optional.empty();
  }

  /** Whatever the mask. */
  private Optional<BurnedInText> expected() {
    return BurnedInText.of(
        Deidentification.burnedIn(file.dataSet()), !UltrasoundRegions.usable(file).isEmpty());
  }

  @Override
  public String toString() {
    return kind() + " " + file.name();
  }
}
