package org.vesalius.clinical.imaging;

import java.util.List;
import java.util.Optional;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.runtime.answer.Region;

/**
 * Places that a model named in a picture, in the pixels of the source that the picture was made of.
 */
public final class SourceRegions {
  private SourceRegions() {}

  /**
   * A place in pixels of the source, continuous from its top left corner; what lies in a pad is cut
   * off at the source's edge.
   *
   * @param region in pixels of the picture, as an answer gives it
   */
  public static Region toSource(PlacedPicture picture, Region region) {
    return switch (region) {
      case Region.Box box -> {
        Point one = inside(picture, box.x0(), box.y0());
        Point other = inside(picture, box.x1(), box.y1());
        // Quarter turns and flips exchange corners.
        yield new Region.Box(
            box.label(),
            box.image(),
            Math.min(one.x(), other.x()),
            Math.min(one.y(), other.y()),
            Math.max(one.x(), other.x()),
            Math.max(one.y(), other.y()),
            box.mention());
      }
      case Region.Point point -> {
        Point there = inside(picture, point.x(), point.y());
        yield new Region.Point(point.label(), point.image(), there.x(), there.y(), point.mention());
      }
      case Region.Polygon polygon ->
          new Region.Polygon(
              polygon.label(),
              polygon.image(),
              polygon.corners().stream()
                  .map(corner -> inside(picture, corner.x(), corner.y()))
                  .map(there -> new Region.Corner(there.x(), there.y()))
                  .toList(),
              polygon.mention());
    };
  }

  private static Point inside(PlacedPicture picture, double x, double y) {
    Point there = picture.toSource(new Point(x, y));
    return new Point(
        Math.clamp(there.x(), 0.0, (double) picture.transform().sourceWidth()),
        Math.clamp(there.y(), 0.0, (double) picture.transform().sourceHeight()));
  }

  /**
   * The points that a place is made of: two corners of a box, a point, the corners of a polygon.
   */
  public static List<Point> points(Region region) {
    return switch (region) {
      case Region.Box box -> List.of(new Point(box.x0(), box.y0()), new Point(box.x1(), box.y1()));
      case Region.Point point -> List.of(new Point(point.x(), point.y()));
      case Region.Polygon polygon ->
          polygon.corners().stream().map(corner -> new Point(corner.x(), corner.y())).toList();
    };
  }

  /**
   * The points of a place in millimetres from the source's top left corner; empty where these are
   * not known.
   *
   * @param region in pixels of the source
   */
  public static Optional<List<Point>> millimetres(Placement place, Region region) {
    return place
        .spacing()
        .map(spacing -> points(region).stream().map(spacing::toMillimetres).toList());
  }

  /**
   * The points of a place in the patient; empty where that is not known.
   *
   * @param region in pixels of the source
   */
  public static Optional<List<Vector>> patient(Placement place, Region region) {
    return place.plane().map(plane -> points(region).stream().map(plane::toPatient).toList());
  }
}
