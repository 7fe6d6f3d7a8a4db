package org.vesalius.clinical.agent;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.SourceRegions;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.answer.Region;

/** Makes places of a trace of places in pictures. */
public final class Places {
  private static final Region.Mention UNWRITTEN = new Region.Mention("", 0, 0, List.of());

  private Places() {}

  /**
   * A place that a model named.
   *
   * @param image the picture
   * @param index of the picture in the conversation
   * @param region in pixels of the picture, as an answer gives it; what lies beyond the picture, or
   *     in a pad, is cut off
   */
  public static TracePlace of(AgentImage image, int index, Region region) {
    PlacedPicture picture = image.picture();
    Region source = SourceRegions.toSource(picture, region);
    Placement placement = picture.place();
    return new TracePlace(
        index,
        kind(region),
        region.label(),
        pairs(SourceRegions.points(source), 1, 1),
        shares(pairs(SourceRegions.points(region), picture.image().width(), height(picture))),
        SourceRegions.millimetres(placement, source).map(mm -> pairs(mm, 1, 1)).orElse(List.of()),
        patient(placement, source),
        region.mention().raw());
  }

  /**
   * A box that no model wrote.
   *
   * @param x0 left edge, in pixels of the picture
   * @param y0 top edge
   * @param x1 right edge
   * @param y1 bottom edge
   */
  public static TracePlace box(
      AgentImage image, int index, String label, double x0, double y0, double x1, double y1) {
    return of(
        image, index, new Region.Box(label, OptionalInt.of(index), x0, y0, x1, y1, UNWRITTEN));
  }

  /**
   * A point that no model wrote.
   *
   * @param x from the left edge, in pixels of the picture
   * @param y from the top edge
   */
  public static TracePlace point(AgentImage image, int index, String label, double x, double y) {
    return of(image, index, new Region.Point(label, OptionalInt.of(index), x, y, UNWRITTEN));
  }

  /** All of a picture, as a box. */
  public static TracePlace whole(AgentImage image, int index, String label) {
    return box(image, index, label, 0, 0, image.picture().image().width(), height(image.picture()));
  }

  /**
   * A place of a trace in pixels of its picture, for what draws it.
   *
   * @param picture that the place is in
   */
  public static Region region(PlacedPicture picture, TracePlace place) {
    double width = picture.image().width();
    double height = picture.image().height();
    List<Region.Corner> corners = new ArrayList<>();
    for (int i = 0; i < place.relative().size(); i += 2) {
      corners.add(
          new Region.Corner(place.relative().get(i) * width, place.relative().get(i + 1) * height));
    }
    Region.Mention mention = new Region.Mention(place.written(), 0, 0, List.of());
    OptionalInt index = OptionalInt.of(place.image());
    Region.Corner first = corners.getFirst();
    Region.Corner last = corners.getLast();
    return switch (place.kind()) {
      case BOX ->
          new Region.Box(place.label(), index, first.x(), first.y(), last.x(), last.y(), mention);
      case POINT -> new Region.Point(place.label(), index, first.x(), first.y(), mention);
      case POLYGON -> new Region.Polygon(place.label(), index, corners, mention);
    };
  }

  /** The same region in the picture of another index. */
  public static Region inImage(Region region, int image) {
    OptionalInt index = OptionalInt.of(image);
    return switch (region) {
      case Region.Box box ->
          new Region.Box(box.label(), index, box.x0(), box.y0(), box.x1(), box.y1(), box.mention());
      case Region.Point point ->
          new Region.Point(point.label(), index, point.x(), point.y(), point.mention());
      case Region.Polygon polygon ->
          new Region.Polygon(polygon.label(), index, polygon.corners(), polygon.mention());
    };
  }

  private static int height(PlacedPicture picture) {
    return picture.image().height();
  }

  private static TracePlace.Kind kind(Region region) {
    return switch (region) {
      case Region.Box _ -> TracePlace.Kind.BOX;
      case Region.Point _ -> TracePlace.Kind.POINT;
      case Region.Polygon _ -> TracePlace.Kind.POLYGON;
    };
  }

  private static Optional<TracePlace.PatientPlace> patient(Placement placement, Region source) {
    Optional<List<Vector>> points = SourceRegions.patient(placement, source);
    Optional<SlicePlane.Space> space = placement.plane().map(SlicePlane::space);
    return points.flatMap(
        vectors -> space.map(s -> new TracePlace.PatientPlace(s.name(), triples(vectors))));
  }

  private static List<Double> triples(List<Vector> vectors) {
    List<Double> numbers = new ArrayList<>();
    for (Vector vector : vectors) {
      numbers.add(vector.x());
      numbers.add(vector.y());
      numbers.add(vector.z());
    }
    return numbers;
  }

  private static List<Double> pairs(List<Point> points, double width, double height) {
    List<Double> numbers = new ArrayList<>();
    for (Point point : points) {
      numbers.add(point.x() / width);
      numbers.add(point.y() / height);
    }
    return numbers;
  }

  private static List<Double> shares(List<Double> numbers) {
    return numbers.stream().map(number -> Math.clamp(number, 0.0, 1.0)).toList();
  }
}
