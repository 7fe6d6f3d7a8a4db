package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.vesalius.runtime.answer.GroundingFormat.Scale;
import org.vesalius.runtime.answer.Region.Corner;

/** Checks written places and maps them into source pictures. */
final class RegionPlacement {
  private static final double ROUNDING = 1e-6;

  private final Scale scale;
  private final List<PictureFrame> pictures;

  RegionPlacement(Scale scale, List<PictureFrame> pictures) {
    this.scale = scale;
    this.pictures = List.copyOf(pictures);
  }

  /**
   * The place in its picture.
   *
   * @throws Malformed if there is no such place
   */
  Region place(WrittenRegion written, Region.Mention mention) {
    checkCount(written);
    OptionalInt image = image(written);
    List<Corner> corners = new ArrayList<>();
    for (int i = 0; i < written.numbers().size(); i += 2) {
      double first = inRange(written.numbers().get(i));
      double second = inRange(written.numbers().get(i + 1));
      corners.add(written.yFirst() ? new Corner(second, first) : new Corner(first, second));
    }
    if (written.kind() == WrittenRegion.Kind.BOX) {
      checkOrder(corners.get(0), corners.get(1), "inverted or empty");
    }
    if (image.isPresent()) {
      PictureFrame frame = pictures.get(image.getAsInt());
      corners.replaceAll(corner -> place(corner, frame));
    }
    Corner first = corners.getFirst();
    return switch (written.kind()) {
      case POINT -> new Region.Point(written.label(), image, first.x(), first.y(), mention);
      case POLYGON -> new Region.Polygon(written.label(), image, corners, mention);
      case BOX -> {
        Corner last = corners.get(1);
        checkOrder(first, last, "nothing of it is in the picture");
        yield new Region.Box(
            written.label(), image, first.x(), first.y(), last.x(), last.y(), mention);
      }
    };
  }

  private static void checkCount(WrittenRegion written) {
    int count = written.numbers().size();
    switch (written.kind()) {
      case BOX -> {
        if (count != 4) {
          throw new Malformed("a box has 4 numbers, found " + count);
        }
      }
      case POINT -> {
        if (count != 2) {
          throw new Malformed("a point has 2 numbers, found " + count);
        }
      }
      case POLYGON -> {
        if (count < 6 || count % 2 != 0) {
          throw new Malformed("a polygon has 3 or more pairs of numbers, found " + count);
        }
      }
    }
  }

  /** One picture needs no number; among several none is guessed. */
  private OptionalInt image(WrittenRegion written) {
    if (pictures.isEmpty()) {
      throw new Malformed("there is no picture");
    }
    if (written.image().isEmpty()) {
      return pictures.size() == 1 ? OptionalInt.of(0) : OptionalInt.empty();
    }
    int index = written.image().getAsInt();
    if (index < 0 || index >= pictures.size()) {
      throw new Malformed(
          "no such picture: " + index + "; they are counted from 0 to " + (pictures.size() - 1));
    }
    return written.image();
  }

  private double inRange(double number) {
    if (!Double.isFinite(number)) {
      throw new Malformed("not a finite number");
    }
    if (scale instanceof Scale.Relative(double _, double largest)
        && (number < 0 || number > largest)) {
      throw new Malformed("out of range 0 to " + plain(largest) + ": " + plain(number));
    }
    return number;
  }

  private static String plain(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }

  private static void checkOrder(Corner first, Corner last, String problem) {
    if (!(first.x() < last.x() && first.y() < last.y())) {
      throw new Malformed(
          problem
              + ": x "
              + plain(first.x())
              + " to "
              + plain(last.x())
              + ", y "
              + plain(first.y())
              + " to "
              + plain(last.y()));
    }
  }

  /** Up to one of the model's pixels beyond the edge is rounding and is cut off; more is wrong. */
  private Corner place(Corner written, PictureFrame frame) {
    double x = written.x();
    double y = written.y();
    if (scale instanceof Scale.Relative(double divisor, double _)) {
      x = x / divisor * frame.modelWidth();
      y = y / divisor * frame.modelHeight();
    }
    inside(x, 1, frame.modelWidth(), written, "of what the model saw");
    inside(y, 1, frame.modelHeight(), written, "of what the model saw");
    double[] at = frame.mapping().toSource(x, y);
    double[] next = frame.mapping().toSource(x + 1, y + 1);
    return new Corner(
        inside(at[0], Math.abs(next[0] - at[0]), frame.sourceWidth(), written, "of the picture"),
        inside(at[1], Math.abs(next[1] - at[1]), frame.sourceHeight(), written, "of the picture"));
  }

  private static double inside(
      double value, double tolerance, int side, Corner written, String what) {
    double allowed = tolerance + ROUNDING;
    if (!(value >= -allowed && value <= side + allowed)) {
      throw new Malformed(
          "(" + plain(written.x()) + ", " + plain(written.y()) + ") is outside " + what);
    }
    return Math.clamp(value, 0.0, (double) side);
  }
}
