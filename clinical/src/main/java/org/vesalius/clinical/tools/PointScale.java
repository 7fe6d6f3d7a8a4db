package org.vesalius.clinical.tools;

import java.util.List;
import java.util.OptionalInt;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.runtime.answer.GroundingFormat;
import org.vesalius.runtime.answer.GroundingFormat.Scale;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.vision.image.ImageTransform;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * What the numbers mean with which a model tells tools where something is.
 *
 * @param scale of the numbers
 * @param sight how the model sees a picture
 */
public record PointScale(Scale scale, Sight sight) {
  /** Thousandths of width and height of a picture that the model sees whole. */
  public static final PointScale THOUSANDTHS = of(GroundingFormat.QWEN3_VL.scale());

  /** Beyond the edge by this much, in pixels that the model saw, is rounding. */
  private static final double TOLERANCE = 1;

  /** How a model sees pictures. */
  @FunctionalInterface
  public interface Sight {
    /** The way from a picture to the pixels that the model sees, pads included. */
    ImageTransform of(RasterImage image);
  }

  /** Of a model that sees pictures whole, and whose pixels, if it counts such, are theirs. */
  public static PointScale of(Scale scale) {
    return new PointScale(scale, ImageTransform::of);
  }

  /** What a model is told of the numbers. */
  String description() {
    return switch (scale) {
      case Scale.Relative(double divisor, double largest) ->
          "numbers from 0 to %s, %s standing for the whole width or height of the image"
              .formatted(Numbers.plain(largest), Numbers.plain(divisor));
      case Scale.ModelPixels() -> "pixels of the image";
    };
  }

  /**
   * A point, in pixels of the picture.
   *
   * @throws ToolException if it is outside of it
   */
  Point point(AgentImage image, double x, double y) {
    ImageTransform seen = sight.of(image.picture().image());
    double modelX = onScale(x, seen.modelWidth());
    double modelY = onScale(y, seen.modelHeight());
    double[] at = seen.toSource(modelX, modelY);
    return new Point(
        inside(
            at[0],
            TOLERANCE * seen.coveredWidth() / seen.modelWidth(),
            image.picture().image().width(),
            x),
        inside(
            at[1],
            TOLERANCE * seen.coveredHeight() / seen.modelHeight(),
            image.picture().image().height(),
            y));
  }

  /**
   * A box, in pixels of the picture.
   *
   * @param numbers x0, y0, x1, y1
   * @throws ToolException if it is outside of the picture, inverted or empty
   */
  Region.Box box(AgentImage image, int index, String label, List<Double> numbers) {
    Point first = point(image, numbers.get(0), numbers.get(1));
    Point last = point(image, numbers.get(2), numbers.get(3));
    if (!(first.x() < last.x() && first.y() < last.y())) {
      throw new ToolException(
          "box %s: expected [x1, y1, x2, y2] with x1 < x2 and y1 < y2"
              .formatted(Numbers.list(numbers)));
    }
    return new Region.Box(
        label, OptionalInt.of(index), first.x(), first.y(), last.x(), last.y(), mention(numbers));
  }

  /** As the model wrote it. */
  Region.Point region(AgentImage image, int index, String label, List<Double> numbers) {
    Point point = point(image, numbers.get(0), numbers.get(1));
    return new Region.Point(label, OptionalInt.of(index), point.x(), point.y(), mention(numbers));
  }

  private static Region.Mention mention(List<Double> numbers) {
    String raw = Numbers.list(numbers);
    return new Region.Mention(raw, 0, raw.length(), numbers);
  }

  private double onScale(double number, int side) {
    return switch (scale) {
      case Scale.Relative(double divisor, double largest) -> {
        if (!(number >= 0 && number <= largest)) {
          throw new ToolException(
              "coordinate %s: expected 0 to %s"
                  .formatted(Numbers.plain(number), Numbers.plain(largest)));
        }
        yield number / divisor * side;
      }
      case Scale.ModelPixels() -> number;
    };
  }

  private static double inside(double value, double tolerance, int side, double written) {
    if (!(value >= -tolerance && value <= side + tolerance)) {
      throw new ToolException(
          "coordinate %s: it is outside of the image".formatted(Numbers.plain(written)));
    }
    return Math.clamp(value, 0.0, (double) side);
  }
}
