package org.vesalius.clinical.imaging.geometry;

/**
 * Where a picture lies in the patient.
 *
 * <p>Points in the picture are continuous, with the origin at its top left corner: the centre of
 * the first pixel is (0.5, 0.5). DICOM and NIfTI give the position of that centre.
 *
 * @param firstCentre centre of the first pixel
 * @param acrossColumns the step from a pixel to its right neighbour
 * @param acrossRows the step from a pixel to the one below
 * @param space which way the axes run
 */
public record SlicePlane(Vector firstCentre, Vector acrossColumns, Vector acrossRows, Space space) {

  /** Which way the patient's axes run. */
  public enum Space {
    /** DICOM's: towards the left, the back and the head. */
    LPS,
    /** NIfTI's: towards the right, the front and the head. */
    RAS
  }

  /** Checks that it is a plane. */
  public SlicePlane {
    double area = acrossColumns.cross(acrossRows).length();
    if (!(area > 0) || Double.isInfinite(area) || !Double.isFinite(firstCentre.length())) {
      throw new IllegalArgumentException(
          "slice: expected steps in two directions, found %s and %s"
              .formatted(acrossColumns, acrossRows));
    }
  }

  /** The point of the patient at a point of the picture. */
  public Vector toPatient(Point pixels) {
    return firstCentre
        .plus(acrossColumns.times(pixels.x() - 0.5))
        .plus(acrossRows.times(pixels.y() - 0.5));
  }

  /** The point of the picture that is nearest to a point of the patient. */
  public Point toPixels(Vector patient) {
    Vector offset = patient.minus(firstCentre);
    // The two steps need not be at right angles.
    double a = acrossColumns.dot(acrossColumns);
    double b = acrossColumns.dot(acrossRows);
    double d = acrossRows.dot(acrossRows);
    double along = offset.dot(acrossColumns);
    double down = offset.dot(acrossRows);
    double determinant = a * d - b * b;
    return new Point(
        (d * along - b * down) / determinant + 0.5, (a * down - b * along) / determinant + 0.5);
  }

  /** At right angles to the picture, of length 1, away from who looks at it. */
  public Vector normal() {
    return acrossColumns.cross(acrossRows).unit();
  }
}
