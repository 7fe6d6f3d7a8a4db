package org.vesalius.clinical.trace;

import java.util.List;
import java.util.Optional;

/**
 * A place in a picture, in both coordinate systems: that of the source, which somebody can look at
 * again, and that of the picture, which the model looked at.
 *
 * @param image index of the picture in the trace
 * @param kind what the numbers are
 * @param label what is there, in the model's words; may be empty
 * @param pixels pairs x, y in pixels of the stored source frame, continuous from its top left
 *     corner: two corners of a box, one point, or three and more corners of a polygon
 * @param relative the same points as shares, 0 to 1, of width and height of the picture
 * @param millimetres the same points in millimetres from the source's top left corner; empty where
 *     its pixel spacing is not known
 * @param patient the same points in the patient, triples in millimetres, and what space they are
 *     in; empty where that is not known
 * @param written the text as the model wrote it; empty for a place that no model wrote
 */
public record TracePlace(
    int image,
    Kind kind,
    String label,
    List<Double> pixels,
    List<Double> relative,
    List<Double> millimetres,
    Optional<PatientPlace> patient,
    String written) {

  /** What kind of place it is. */
  public enum Kind {
    BOX,
    POINT,
    POLYGON
  }

  /**
   * Points in the patient.
   *
   * @param space {@code LPS}, DICOM's, or {@code RAS}, NIfTI's
   * @param points triples in millimetres
   */
  public record PatientPlace(String space, List<Double> points) {
    /** Copies the list. */
    public PatientPlace {
      points = List.copyOf(points);
    }
  }

  /** Copies the lists and checks their lengths. */
  public TracePlace {
    pixels = List.copyOf(pixels);
    relative = List.copyOf(relative);
    millimetres = List.copyOf(millimetres);
    boolean fits =
        switch (kind) {
          case BOX -> pixels.size() == 4;
          case POINT -> pixels.size() == 2;
          case POLYGON -> pixels.size() >= 6 && pixels.size() % 2 == 0;
        };
    if (!fits || relative.size() != pixels.size()) {
      throw new IllegalArgumentException(
          "place: expected as many coordinates as a %s has, twice; found %d and %d"
              .formatted(kind, pixels.size(), relative.size()));
    }
  }
}
