package org.vesalius.clinical.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.runtime.answer.Region;

/**
 * The region of another picture that shows what a region of a first one does.
 *
 * @param box in pixels of the other picture
 * @param how it was found, for people and models
 */
record SameRegion(Region.Box box, String how) {
  /** Planes at a larger angle show different things: the cosine of about 8 degrees. */
  private static final double PARALLEL = 0.99;

  private static final double SMALLEST = 1;

  static SameRegion find(PlacedPicture from, Region.Box box, PlacedPicture to, int index) {
    return inPatient(from, box, to, index).orElseGet(() -> inPicture(from, box, to, index));
  }

  private static Optional<SameRegion> inPatient(
      PlacedPicture from, Region.Box box, PlacedPicture to, int index) {
    SlicePlane here = from.place().plane().orElse(null);
    SlicePlane there = to.place().plane().orElse(null);
    if (here == null
        || there == null
        || here.space() != there.space()
        || Math.abs(here.normal().dot(there.normal())) < PARALLEL) {
      return Optional.empty();
    }
    List<Point> corners = new ArrayList<>();
    double away = 0;
    for (Point corner : corners(box)) {
      Vector patient = here.toPatient(from.toSource(corner));
      away += patient.minus(there.firstCentre()).dot(there.normal()) / 4;
      corners.add(to.transform().toModel(there.toPixels(patient)));
    }
    String distance = Numbers.rounded(Math.abs(away), 1);
    return clipped(box, corners, to, index)
        .map(found ->
            new SameRegion(
                found,
                "at the same place by the coordinates of both files, which hold only where the"
                    + " patient lay alike; the slices are "
                    + distance
                    + " mm apart"
                    + attitude(corners)));
  }

  /** How the other picture shows what lies to the right and below in the first. */
  private static String attitude(List<Point> corners) {
    Point corner = corners.get(0);
    double rightX = corners.get(1).x() - corner.x();
    double rightY = corners.get(1).y() - corner.y();
    double downX = corners.get(2).x() - corner.x();
    double downY = corners.get(2).y() - corner.y();
    if (rightX * downY - rightY * downX < 0) {
      return "; the right one is mirrored against the left one";
    }
    return rightX > Math.abs(rightY) ? "" : "; the right one is turned against the left one";
  }

  private static SameRegion inPicture(
      PlacedPicture from, Region.Box box, PlacedPicture to, int index) {
    double x = to.image().width() / (double) from.image().width();
    double y = to.image().height() / (double) from.image().height();
    return new SameRegion(
        box(box.label(), index, box.x0() * x, box.y0() * y, box.x1() * x, box.y1() * y),
        "at the same part of the picture, which need not be the same place in the patient");
  }

  private static List<Point> corners(Region.Box box) {
    return List.of(
        new Point(box.x0(), box.y0()),
        new Point(box.x1(), box.y0()),
        new Point(box.x0(), box.y1()),
        new Point(box.x1(), box.y1()));
  }

  /** The box around some points, as far as it is in a picture; empty where nothing is. */
  private static Optional<Region.Box> clipped(
      Region.Box box, List<Point> corners, PlacedPicture to, int index) {
    double width = to.image().width();
    double height = to.image().height();
    double x0 = corners.stream().mapToDouble(Point::x).min().orElseThrow();
    double x1 = corners.stream().mapToDouble(Point::x).max().orElseThrow();
    double y0 = corners.stream().mapToDouble(Point::y).min().orElseThrow();
    double y1 = corners.stream().mapToDouble(Point::y).max().orElseThrow();
    x0 = Math.clamp(x0, 0.0, width);
    x1 = Math.clamp(x1, 0.0, width);
    y0 = Math.clamp(y0, 0.0, height);
    y1 = Math.clamp(y1, 0.0, height);
    return x1 - x0 < SMALLEST || y1 - y0 < SMALLEST
        ? Optional.empty()
        : Optional.of(box(box.label(), index, x0, y0, x1, y1));
  }

  private static Region.Box box(
      String label, int index, double x0, double y0, double x1, double y1) {
    return new Region.Box(
        label, OptionalInt.of(index), x0, y0, x1, y1, new Region.Mention("", 0, 0, List.of()));
  }
}
