package org.vesalius.clinical.imaging;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vesalius.clinical.imaging.dicom.DataSet;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelSpacing.Place;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;

/** Where the pixels of a DICOM frame are (PS3.3 C.7.6.2, 10.7 and C.7.6.16.2). */
final class DicomPlacement {
  private static final Tag CALIBRATION_TYPE = Tag.of(0x0028, 0x0a02);
  private static final Tag REGION_UNITS_X = Tag.of(0x0018, 0x6024);
  private static final Tag REGION_UNITS_Y = Tag.of(0x0018, 0x6026);
  private static final Tag REGION_DELTA_X = Tag.of(0x0018, 0x602c);
  private static final Tag REGION_DELTA_Y = Tag.of(0x0018, 0x602e);
  private static final int CENTIMETRES = 3;

  /** Whose pictures are shadows on a detector. */
  private static final Set<String> PROJECTIONS =
      Set.of("CR", "DX", "IO", "MG", "PX", "RF", "RG", "XA", "XC");

  private static final String SLIDE = "SM";

  /** Directions are of length 1 and at right angles to each other, up to rounding of text. */
  private static final double ROUNDING = 1e-2;

  private DicomPlacement() {}

  static Placement of(FrameAttributes attributes) {
    Optional<PixelSpacing> spacing = spacing(attributes);
    if (spacing.isEmpty()) {
      return new Placement(Optional.empty(), Optional.empty(), aspect(attributes.data()));
    }
    Optional<SlicePlane> plane =
        spacing.get().place() == Place.PATIENT
            ? plane(attributes, spacing.get())
            : Optional.empty();
    return Placement.of(spacing.get(), plane);
  }

  private static Optional<PixelSpacing> spacing(FrameAttributes attributes) {
    DataSet data = attributes.data();
    String modality = data.text(Tag.MODALITY).orElse("");
    double[] inPatient = attributes.group(Tag.PIXEL_MEASURES_SEQUENCE).numbers(Tag.PIXEL_SPACING);
    double[] atDetector = data.numbers(Tag.IMAGER_PIXEL_SPACING);
    if (isSpacing(inPatient)) {
      boolean projection = PROJECTIONS.contains(modality);
      Place place =
          modality.equals(SLIDE)
              ? Place.SLIDE
              : data.text(CALIBRATION_TYPE).isPresent()
                  ? Place.CALIBRATED
                  : !projection
                      ? Place.PATIENT
                      : isSpacing(atDetector) && !same(inPatient, atDetector)
                          ? Place.CALIBRATED
                          : Place.DETECTOR;
      return Optional.of(new PixelSpacing(inPatient[1], inPatient[0], place));
    }
    for (double[] other : List.of(atDetector, data.numbers(Tag.NOMINAL_SCANNED_PIXEL_SPACING))) {
      if (isSpacing(other)) {
        return Optional.of(new PixelSpacing(other[1], other[0], Place.DETECTOR));
      }
    }
    return ultrasound(data);
  }

  private static boolean isSpacing(double[] values) {
    return values.length == 2 && isSize(values[0]) && isSize(values[1]);
  }

  /** A nanometre to a kilometre. */
  private static boolean isSize(double millimetres) {
    return millimetres >= 1e-6 && millimetres <= 1e6;
  }

  private static boolean same(double[] one, double[] other) {
    return Math.abs(one[0] - other[0]) <= ROUNDING * one[0]
        && Math.abs(one[1] - other[1]) <= ROUNDING * one[1];
  }

  /** Of several regions each may have another scale, so one alone counts. */
  private static Optional<PixelSpacing> ultrasound(DataSet data) {
    List<DataSet> regions = data.items(Tag.SEQUENCE_OF_ULTRASOUND_REGIONS);
    if (regions.size() != 1) {
      return Optional.empty();
    }
    DataSet region = regions.getFirst();
    boolean lengths =
        region.integer(REGION_UNITS_X).orElse(0) == CENTIMETRES
            && region.integer(REGION_UNITS_Y).orElse(0) == CENTIMETRES;
    double x = 10 * Math.abs(region.number(REGION_DELTA_X).orElse(0));
    double y = 10 * Math.abs(region.number(REGION_DELTA_Y).orElse(0));
    return lengths && isSpacing(new double[] {y, x})
        ? Optional.of(new PixelSpacing(x, y, Place.PATIENT))
        : Optional.empty();
  }

  private static double aspect(DataSet data) {
    double[] ratio = data.numbers(Tag.PIXEL_ASPECT_RATIO);
    return isSpacing(ratio) ? ratio[0] / ratio[1] : 1;
  }

  private static Optional<SlicePlane> plane(FrameAttributes attributes, PixelSpacing spacing) {
    double[] position =
        attributes.group(Tag.PLANE_POSITION_SEQUENCE).numbers(Tag.IMAGE_POSITION_PATIENT);
    double[] direction =
        attributes.group(Tag.PLANE_ORIENTATION_SEQUENCE).numbers(Tag.IMAGE_ORIENTATION_PATIENT);
    if (position.length != 3 || direction.length != 6) {
      return Optional.empty();
    }
    Vector across = new Vector(direction[0], direction[1], direction[2]);
    Vector down = new Vector(direction[3], direction[4], direction[5]);
    Vector first = new Vector(position[0], position[1], position[2]);
    boolean straight =
        Math.abs(across.length() - 1) < ROUNDING
            && Math.abs(down.length() - 1) < ROUNDING
            && Math.abs(across.dot(down)) < ROUNDING
            && Double.isFinite(first.length());
    return straight
        ? Optional.of(
            new SlicePlane(
                first,
                across.times(spacing.horizontal()),
                down.times(spacing.vertical()),
                SlicePlane.Space.LPS))
        : Optional.empty();
  }
}
