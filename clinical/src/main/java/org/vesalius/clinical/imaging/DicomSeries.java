package org.vesalius.clinical.imaging;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.Deidentification;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.Tag;

/**
 * The files of a folder that belong to one series, in the order of their slices along the normal of
 * their planes: of axial slices from the feet to the head. Files stay closed until a slice is asked
 * for.
 */
public final class DicomSeries implements MedicalImage {
  /** More files are refused: a folder of this size is not one study. */
  private static final int MOST_FILES = 100_000;

  private static final int MOST_DEPTH = 8;

  /** A picture of the series: a frame of a file. */
  private record Source(Path file, int frame) {}

  private final List<Source> sources;
  private final Map<String, Object> facts;
  private final List<String> notes;
  private final Optional<BurnedInText> expected;
  private final PixelMask mask;

  private DicomSeries(
      List<Source> sources,
      Map<String, Object> facts,
      List<String> notes,
      Optional<BurnedInText> expected,
      PixelMask mask) {
    this.sources = List.copyOf(sources);
    this.facts = facts;
    this.notes = List.copyOf(notes);
    this.expected = expected;
    this.mask = mask;
  }

  /**
   * What a folder holds.
   *
   * @param series in the order of their numbers
   * @param unread files that are no DICOM files with pixels, or broken ones
   */
  public record Folder(List<DicomSeries> series, int unread) {
    /** Copies the list. */
    public Folder {
      series = List.copyOf(series);
    }
  }

  /** What belongs together. */
  private static final class Group {
    final int number;
    final List<Source> sources = new ArrayList<>();
    final List<SliceOrder.Slice> slices = new ArrayList<>();
    final List<String> notes = new ArrayList<>();
    final Map<String, Object> facts;
    final int columns;
    final int rows;
    boolean sizesDiffer;

    /** The worst that one of the files lets expect. */
    Deidentification.BurnedIn burnedIn = Deidentification.BurnedIn.NO;

    boolean allHaveRegions = true;

    Group(DicomImage first) {
      DataSet data = first.file().dataSet();
      number = integer(data, Tag.SERIES_NUMBER);
      facts = new LinkedHashMap<>(first.facts());
      notes.addAll(first.windowNotes());
      columns = data.integer(Tag.COLUMNS).orElse(0);
      rows = data.integer(Tag.ROWS).orElse(0);
    }

    void add(Path file, DicomImage image) {
      DataSet data = image.file().dataSet();
      sizesDiffer |=
          columns != data.integer(Tag.COLUMNS).orElse(0)
              || rows != data.integer(Tag.ROWS).orElse(0);
      Deidentification.BurnedIn found = Deidentification.burnedIn(data);
      burnedIn = found.compareTo(burnedIn) < 0 ? found : burnedIn;
      allHaveRegions &= !UltrasoundRegions.usable(image.file()).isEmpty();
      int instance = integer(data, Tag.INSTANCE_NUMBER);
      for (int frame = 0; frame < image.frames(); frame++) {
        slices.add(new SliceOrder.Slice(image.place(frame).plane(), instance, slices.size()));
        sources.add(new Source(file, frame));
      }
    }

    DicomSeries sorted() {
      SliceOrder.Sorted order = SliceOrder.sort(slices);
      notes.addAll(order.notes());
      if (sizesDiffer) {
        notes.add("slices differ in their size");
      }
      facts.remove("frames");
      facts.put("slices", sources.size());
      DicomFacts.burnedIn(facts, burnedIn);
      order.spacing().ifPresent(spacing -> facts.put("slice_spacing_mm", spacing));
      List<Source> sorted =
          order.slices().stream().map(slice -> sources.get(slice.index())).toList();
      return new DicomSeries(
          sorted, facts, notes, BurnedInText.of(burnedIn, allHaveRegions), PixelMask.NONE);
    }
  }

  /** A number that may be missing, or be no number at all, as order is all that it gives. */
  private static int integer(DataSet data, Tag tag) {
    try {
      return data.integer(tag).orElse(0);
    } catch (DicomFormatException _) {
      return 0;
    }
  }

  /**
   * Looks at the headers of all files in a folder and the folders in it.
   *
   * @throws MedicalImageException if there are too many files
   * @throws UncheckedIOException if the folder cannot be read
   */
  public static Folder read(Path folder) {
    Map<String, Group> groups = new LinkedHashMap<>();
    int unread = 0;
    for (Path file : files(folder)) {
      try {
        DicomImage image = DicomImage.open(file);
        // A file that does not say belongs to no other.
        String series =
            image.file().dataSet().text(Tag.SERIES_INSTANCE_UID).orElse(file.toString());
        groups.computeIfAbsent(series, _ -> new Group(image)).add(file, image);
      } catch (DicomFormatException | MedicalImageException _) {
        unread++;
      }
    }
    if (unread > 0 && !groups.isEmpty()) {
      String files = unread == 1 ? "1 file of the folder is" : unread + " files of the folder are";
      groups.values().iterator().next().notes.add(files + " left out: no DICOM with pixels");
    }
    List<DicomSeries> series =
        groups.values().stream()
            .sorted(Comparator.comparingInt(group -> group.number))
            .map(Group::sorted)
            .toList();
    return new Folder(series, unread);
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> all = Files.walk(folder, MOST_DEPTH)) {
      List<Path> files = all.filter(Files::isRegularFile).limit(MOST_FILES + 1L).sorted().toList();
      if (files.size() > MOST_FILES) {
        throw new MedicalImageException(
            folder
                + ": expected at most "
                + MOST_FILES
                + " files, found more; give a smaller folder");
      }
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException("folder " + folder + " cannot be read: " + e, e);
    }
  }

  @Override
  public String kind() {
    return "DICOM series";
  }

  @Override
  public int frames() {
    return sources.size();
  }

  @Override
  public Frame frame(int index) {
    return image(index).frame(source(index).frame());
  }

  private Source source(int index) {
    return sources.get(Objects.checkIndex(index, frames()));
  }

  private DicomImage image(int index) {
    return DicomImage.of(DicomFile.read(source(index).file())).masked(mask);
  }

  /** {@inheritDoc} Files differ in size and in regions: whether it fits is told by each frame. */
  @Override
  public DicomSeries masked(PixelMask other) {
    return new DicomSeries(sources, facts, notes, expected, other);
  }

  @Override
  public List<PixelMask.Rectangle> hidden(int index) {
    return mask.isEmpty() ? List.of() : image(index).hidden(source(index).frame());
  }

  @Override
  public Optional<BurnedInText> burnedIn() {
    return mask.isEmpty() ? expected : Optional.empty();
  }

  @Override
  public Map<String, Object> facts() {
    return new LinkedHashMap<>(facts);
  }

  @Override
  public List<String> notes() {
    return Stream.concat(expected.map(text -> text.note(mask)).stream(), notes.stream()).toList();
  }

  @Override
  public String toString() {
    return kind() + " of " + frames() + " slices";
  }
}
