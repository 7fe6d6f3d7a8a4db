package org.vesalius.clinical.imaging;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.Deidentification;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.ModalityTransform;
import org.vesalius.clinical.imaging.grey.VoiTransform;

/**
 * What is said about a DICOM file: attributes of the de-identified copy only, and what is made of
 * them.
 */
final class DicomFacts {
  private DicomFacts() {}

  static Map<String, Object> of(DicomFile file) {
    Map<String, Object> facts = new LinkedHashMap<>();
    DataSet harmless = Deidentification.copy(file.dataSet());
    text(facts, harmless, "modality", Tag.MODALITY);
    text(facts, harmless, "body_part", Tag.BODY_PART_EXAMINED);
    facts.put("transfer_syntax", file.transferSyntax().name());
    integer(facts, harmless, "columns", Tag.COLUMNS);
    integer(facts, harmless, "rows", Tag.ROWS);
    facts.put("frames", file.frames());
    text(facts, harmless, "photometric_interpretation", Tag.PHOTOMETRIC_INTERPRETATION);
    integer(facts, harmless, "bits_stored", Tag.BITS_STORED);
    harmless
        .integer(Tag.PIXEL_REPRESENTATION)
        .ifPresent(signed -> facts.put("signed", signed == 1));
    if (harmless.text(Tag.PHOTOMETRIC_INTERPRETATION).orElse("").startsWith("MONOCHROME")) {
      grey(facts, file);
    }
    place(facts, DicomPlacement.of(new FrameAttributes(harmless, 0)));
    harmless
        .number(Tag.SLICE_THICKNESS)
        .ifPresent(thickness -> facts.put("slice_thickness_mm", thickness));
    List<PixelMask.Rectangle> regions = UltrasoundRegions.usable(file);
    if (!regions.isEmpty()) {
      facts.put("ultrasound_regions", regions.stream().map(PixelMask.Rectangle::toString).toList());
    }
    burnedIn(facts, Deidentification.burnedIn(file.dataSet()));
    return facts;
  }

  /** What is to be expected of text in the pixels. */
  static void burnedIn(Map<String, Object> facts, Deidentification.BurnedIn expected) {
    facts.put("burned_in_text", expected.name().toLowerCase(Locale.ROOT));
  }

  private static void text(Map<String, Object> facts, DataSet data, String name, Tag tag) {
    data.text(tag).ifPresent(value -> facts.put(name, value));
  }

  private static void integer(Map<String, Object> facts, DataSet data, String name, Tag tag) {
    data.integer(tag).ifPresent(value -> facts.put(name, value));
  }

  private static void grey(Map<String, Object> facts, DicomFile file) {
    DicomGrey grey = new DicomGrey(file.name(), new FrameAttributes(file.dataSet(), 0));
    try {
      switch (grey.modality()) {
        case ModalityTransform.Rescale(double slope, double intercept) -> {
          facts.put("rescale_slope", slope);
          facts.put("rescale_intercept", intercept);
        }
        case ModalityTransform.Table(var table) -> facts.put("modality_table", table.toString());
        case ModalityTransform.Identity _ -> {}
      }
      List<String> windows = new ArrayList<>();
      for (VoiTransform window : grey.windows()) {
        windows.add(window.description());
      }
      facts.put("windows", windows);
    } catch (MedicalImageException | DicomFormatException _) {
      // Showing the picture says what is wrong; the other facts are still of use.
      facts.put("windows", List.of());
    }
  }

  /** Facts of a place. */
  static void place(Map<String, Object> facts, Placement place) {
    Optional<PixelSpacing> spacing = place.spacing();
    if (spacing.isPresent()) {
      facts.put("pixel_spacing_mm", List.of(spacing.get().horizontal(), spacing.get().vertical()));
      facts.put("pixel_spacing_is", spacing.get().place().description());
    } else if (place.aspect() != 1) {
      facts.put("pixel_aspect", place.aspect());
    }
    place.plane().ifPresent(plane -> facts.put("rows_run", run(plane)));
  }

  /** Towards what the rows and the columns of a picture run, in words. */
  private static String run(SlicePlane plane) {
    return towards(plane.acrossColumns(), plane.space())
        + ", columns "
        + towards(plane.acrossRows(), plane.space());
  }

  private static String towards(Vector step, SlicePlane.Space space) {
    int sign = space == SlicePlane.Space.LPS ? 1 : -1;
    double x = sign * step.x();
    double y = sign * step.y();
    double largest = Math.max(Math.abs(x), Math.max(Math.abs(y), Math.abs(step.z())));
    if (largest == Math.abs(x)) {
      return x > 0 ? "to the left" : "to the right";
    }
    if (largest == Math.abs(y)) {
      return y > 0 ? "to the back" : "to the front";
    }
    return step.z() > 0 ? "to the head" : "to the feet";
  }
}
