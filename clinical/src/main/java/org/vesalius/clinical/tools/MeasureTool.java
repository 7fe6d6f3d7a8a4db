package org.vesalius.clinical.tools;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Places;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.SourceRegions;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.answer.Region;

/**
 * Measures in the source of a picture: the distance of two points, or the sides of a box and the
 * grey values in it. In millimetres where these are known, together with where a millimetre is one;
 * in pixels of the source otherwise.
 *
 * @param scale of the numbers of points and boxes
 */
public record MeasureTool(PointScale scale) implements Tool {

  /** With thousandths. */
  public MeasureTool() {
    this(PointScale.THOUSANDTHS);
  }

  @Override
  public String name() {
    return "image_measure_tool";
  }

  @Override
  public String description() {
    return "Measures in an image: the distance between two points, or width, height, diagonal and"
        + " area of a box, in millimetres where the file says how large its pixels are, and the"
        + " values in the box where the image has such (Hounsfield units for CT). Give either"
        + " points or bbox_2d.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .twoPoints("points", "Two points, [[x1, y1], [x2, y2]]: " + scale.description() + ".")
        .numbers("bbox_2d", "A box as [x1, y1, x2, y2], in the same numbers.", 4)
        .text("label", "What is measured.")
        .integer("img_idx", "Index of the image, from 0; 0 if left out.", 0)
        .require();
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    int index = given.integer("img_idx", 0);
    AgentImage image = context.image(index);
    String label = given.text("label").orElse("");
    Optional<List<List<Double>>> points = given.points("points");
    Optional<List<Double>> box = given.numbers("bbox_2d", 4);
    if (points.isPresent() == box.isPresent()) {
      throw new ToolException("expected either points or bbox_2d");
    }
    return points
        .map(two -> distance(image, index, label, two))
        .orElseGet(() -> box(image, scale.box(image, index, label, box.orElseThrow()), index));
  }

  private ToolResult distance(AgentImage image, int index, String label, List<List<Double>> two) {
    Region.Point from = scale.region(image, index, label, two.get(0));
    Region.Point to = scale.region(image, index, label, two.get(1));
    Ruler ruler = Ruler.of(image.picture());
    String text =
        "Distance in image %d: %s. %s"
            .formatted(
                index,
                ruler.length(
                    ruler.distance(new Point(from.x(), from.y()), new Point(to.x(), to.y()))),
                ruler.note());
    return new ToolResult(
        text,
        List.of(),
        List.of(),
        List.of(Places.of(image, index, from), Places.of(image, index, to)));
  }

  private static ToolResult box(AgentImage image, Region.Box box, int index) {
    Ruler ruler = Ruler.of(image.picture());
    Point corner = new Point(box.x0(), box.y0());
    double width = ruler.distance(corner, new Point(box.x1(), box.y0()));
    double height = ruler.distance(corner, new Point(box.x0(), box.y1()));
    String text =
        "Box in image %d: width %s, height %s, diagonal %s, area %s. %s%s"
            .formatted(
                index,
                ruler.length(width),
                ruler.length(height),
                ruler.length(Math.hypot(width, height)),
                ruler.area(width * height),
                ruler.note(),
                values(image, box).map(values -> " " + values).orElse(""));
    TracePlace place = Places.of(image, index, box);
    return new ToolResult(text, List.of(), List.of(), List.of(place));
  }

  /** What lies in a box, where the picture shows a frame of grey values. */
  private static Optional<String> values(AgentImage image, Region.Box box) {
    if (image.medical().isEmpty()) {
      return Optional.empty();
    }
    AgentImage.MedicalFrame medical = image.medical().get();
    Frame frame = medical.image().frame(medical.index());
    boolean same =
        frame.width() == image.picture().transform().sourceWidth()
            && frame.height() == image.picture().transform().sourceHeight();
    return frame instanceof GreyFrame grey
            && same
            && SourceRegions.toSource(image.picture(), box) instanceof Region.Box source
        ? Optional.of(BoxValues.of(grey, source).description(grey.quantity()))
        : Optional.empty();
  }

  /** Lengths in the source of a picture. */
  private record Ruler(PlacedPicture picture, Optional<PixelSpacing> spacing) {
    static Ruler of(PlacedPicture picture) {
      return new Ruler(picture, picture.place().spacing());
    }

    double distance(Point one, Point other) {
      Point a = picture.toMillimetres(one).orElseGet(() -> picture.toSource(one));
      Point b = picture.toMillimetres(other).orElseGet(() -> picture.toSource(other));
      return Math.hypot(a.x() - b.x(), a.y() - b.y());
    }

    String length(double number) {
      return Numbers.rounded(number, 2) + (spacing.isPresent() ? " mm" : " pixels");
    }

    String area(double number) {
      return Numbers.rounded(number, 2) + (spacing.isPresent() ? " mm²" : " square pixels");
    }

    String note() {
      return spacing
          .map(s ->
              "Millimetres are %s; a pixel of the source is %s x %s mm."
                  .formatted(
                      s.place().description(),
                      Numbers.significant(s.horizontal(), 4),
                      Numbers.significant(s.vertical(), 4)))
          .orElseGet(() ->
              "How large a pixel is is not known: these are pixels of the source%s, not a size."
                  .formatted(
                      picture.place().aspect() == 1
                          ? ""
                          : ", which are "
                              + Numbers.significant(picture.place().aspect(), 4)
                              + " times as high as wide"));
    }
  }
}
