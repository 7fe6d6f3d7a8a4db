package org.vesalius.clinical.imaging;

import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;

/**
 * How a slice has to be turned to be looked at as radiologists do: axial slices with the front at
 * the top, others with the head; the patient's right at the left, in sagittal ones the front.
 *
 * @param transposed whether rows and columns change places first
 * @param mirrored whether left and right change places then
 * @param flipped whether top and bottom change places then
 */
record Upright(boolean transposed, boolean mirrored, boolean flipped) {

  /** Of a slice in RAS coordinates; a slanting one counts as the nearest straight one. */
  static Upright of(SlicePlane plane) {
    Vector normal = plane.normal();
    double x = Math.abs(normal.x());
    double y = Math.abs(normal.y());
    double z = Math.abs(normal.z());
    boolean axial = z >= x && z >= y;
    boolean sagittal = !axial && x >= y;
    Vector right = sagittal ? new Vector(0, -1, 0) : new Vector(-1, 0, 0);
    Vector down = axial ? new Vector(0, -1, 0) : new Vector(0, 0, -1);
    Vector columns = plane.acrossColumns().unit();
    Vector rows = plane.acrossRows().unit();
    double straight = Math.abs(columns.dot(right)) + Math.abs(rows.dot(down));
    double crossed = Math.abs(rows.dot(right)) + Math.abs(columns.dot(down));
    boolean transposed = crossed > straight;
    Vector toRight = transposed ? rows : columns;
    Vector toDown = transposed ? columns : rows;
    return new Upright(transposed, toRight.dot(right) < 0, toDown.dot(down) < 0);
  }
}
