package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.MedicalImages;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.SourceRegions;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.answer.ScaleBar;
import org.vesalius.runtime.vision.image.RasterImage;

/** The pictures that a user named, medical ones among them, and the way back to their sources. */
final class RequestPictures {
  /** None: the conversation comes from a file. */
  static final RequestPictures NONE = new RequestPictures(List.of());

  /**
   * A medical picture.
   *
   * @param index of the frame, from 0
   */
  private record Medical(
      MedicalImage image, int index, PlacedPicture picture, Optional<Display> shown) {}

  private record Entry(
      Part.Picture part, Optional<Medical> medical, List<PixelMask.Rectangle> hidden) {
    boolean namesPatient() {
      return medical.flatMap(m -> m.image().burnedIn()).isPresent();
    }
  }

  private final List<Entry> entries;

  private RequestPictures(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * Reads pictures.
   *
   * @param mask what is black in them
   * @param frames that are taken of each medical picture; the middle one where nothing is said
   */
  static RequestPictures read(
      List<Path> files, PixelMask mask, WindowChoice window, Optional<FrameSelection> frames) {
    List<Entry> entries = new ArrayList<>();
    for (Path file : files) {
      List<MedicalImage> images = MedicalImages.open(file, mask);
      if (images.size() > 1) {
        throw new CommandFailure(
            file
                + " holds "
                + images.size()
                + " series; give a folder of one, or single files (vesalius view shows them)");
      }
      if (images.isEmpty()) {
        entries.add(plain(Part.Image.read(file), mask));
        continue;
      }
      MedicalImage image = images.getFirst();
      int middle = image.frames() / 2 + 1;
      FrameSelection chosen = frames.orElse(new FrameSelection(middle, OptionalInt.of(middle)));
      for (int index : chosen.of(image.frames())) {
        Frame frame = image.frame(index);
        PlacedPicture picture = frame.picture(window);
        entries.add(
            new Entry(
                new Part.Pixels(picture.image(), file.toString()),
                Optional.of(new Medical(image, index, picture, frame.chosen(window))),
                image.hidden(index)));
      }
    }
    return new RequestPictures(entries);
  }

  /** A file that nothing is hidden in stays as it is until the request runs. */
  private static Entry plain(Part.Image file, PixelMask mask) {
    if (mask.isEmpty()) {
      return new Entry(file, Optional.empty(), List.of());
    }
    RasterImage pixels = file.pixels();
    List<PixelMask.Rectangle> hidden =
        mask.in(file.origin(), pixels.width(), pixels.height(), List.of());
    PlacedPicture black =
        PlacedPicture.of(
                pixels, PixelTransform.of(pixels.width(), pixels.height()), Placement.UNKNOWN)
            .hiding(hidden);
    return new Entry(new Part.Pixels(black.image(), file.origin()), Optional.empty(), hidden);
  }

  List<Part.Picture> parts() {
    return entries.stream().map(Entry::part).toList();
  }

  boolean hasMedical() {
    return entries.stream().anyMatch(entry -> entry.medical().isPresent());
  }

  /** Whether there is more to say of them than that they are pictures. */
  boolean hasFacts() {
    return hasMedical() || entries.stream().anyMatch(entry -> !entry.hidden().isEmpty());
  }

  /**
   * That the answer may say what no mask can hide in words; empty where no text is to be expected
   * in the pictures.
   *
   * @param overlay that shows it too
   */
  Optional<String> warning(Optional<Path> overlay) {
    List<String> numbers =
        IntStream.range(0, entries.size())
            .filter(i -> entries.get(i).namesPatient())
            .mapToObj(i -> String.valueOf(i + 1))
            .toList();
    if (numbers.isEmpty()) {
      return Optional.empty();
    }
    String which = (numbers.size() == 1 ? "picture " : "pictures ") + String.join(", ", numbers);
    return Optional.of(
        "text in "
            + which
            + " may name the patient: the answer may repeat it"
            + overlay.map(file -> ", and " + file + " shows it").orElse("")
            + "; --mask hides it");
  }

  private Optional<Medical> medical(OptionalInt image) {
    return image.isPresent() && image.getAsInt() < entries.size()
        ? entries.get(image.getAsInt()).medical()
        : Optional.empty();
  }

  /** The bar for a picture whose millimetres are known. */
  Optional<ScaleBar> scaleBar(int image) {
    return medical(OptionalInt.of(image)).map(Medical::picture).flatMap(MedicalReport::scaleBar);
  }

  /** Places in pixels of their sources: a picture may have been turned and resized before. */
  List<Region> inSource(List<Region> regions) {
    return regions.stream()
        .map(region ->
            medical(region.image())
                .map(medical -> SourceRegions.toSource(medical.picture(), region))
                .orElse(region))
        .toList();
  }

  /** What was shown of each medical picture, a line each. */
  List<String> notes() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      String picture = "picture " + (i + 1) + ": ";
      if (!entries.get(i).hidden().isEmpty()) {
        lines.add(picture + MedicalReport.mask(entries.get(i).hidden()));
      }
      if (entries.get(i).medical().isEmpty()) {
        continue;
      }
      Medical medical = entries.get(i).medical().get();
      lines.add(
          "%s%s, frame %d of %d%s"
              .formatted(
                  picture,
                  medical.image().kind(),
                  medical.index() + 1,
                  medical.image().frames(),
                  medical
                      .shown()
                      .map(MedicalReport::window)
                      .map(window -> ", " + window)
                      .orElse("")));
      medical.image().notes().forEach(note -> lines.add(picture + note));
    }
    return lines;
  }

  /** What was shown of each picture; null for an ordinary one. */
  void add(ArrayNode json) {
    for (Entry entry : entries) {
      if (entry.medical().isEmpty() && entry.hidden().isEmpty()) {
        json.addNull();
        continue;
      }
      ObjectNode picture = json.addObject();
      MedicalReport.mask(picture, entry.hidden());
      entry.medical().ifPresent(medical -> add(picture, medical));
    }
  }

  private static void add(ObjectNode picture, Medical medical) {
    picture.put("kind", medical.image().kind());
    MedicalReport.picture(picture, medical.index(), medical.picture(), medical.shown());
    ArrayNode notes = picture.putArray("notes");
    medical.image().notes().forEach(notes::add);
  }

  /**
   * Where a place is in its source beside the pixels: in millimetres, and in the patient.
   *
   * @param region in pixels of the source
   * @param name of its kind, such as box
   */
  void addPlace(ObjectNode json, Region region, String name) {
    Optional<Medical> found = medical(region.image());
    if (found.isEmpty()) {
      return;
    }
    Medical medical = found.get();
    json.put("frame", medical.index() + 1);
    var place = medical.picture().place();
    Optional<List<Point>> millimetres = SourceRegions.millimetres(place, region);
    if (millimetres.isEmpty()) {
      json.putNull(name + "_mm");
      return;
    }
    ArrayNode numbers = json.putArray(name + "_mm");
    for (Point point : millimetres.get()) {
      numbers.add(point.x()).add(point.y());
    }
    place.spacing().ifPresent(spacing -> json.put("mm_are", spacing.place().description()));
    Optional<SlicePlane> plane = place.plane();
    Optional<List<Vector>> patient = SourceRegions.patient(place, region);
    if (plane.isPresent() && patient.isPresent()) {
      ArrayNode points =
          json.putArray(
              plane.get().space() == SlicePlane.Space.LPS ? "patient_lps_mm" : "patient_ras_mm");
      for (Vector at : patient.get()) {
        points.addArray().add(at.x()).add(at.y()).add(at.z());
      }
    }
  }
}
