package org.vesalius.clinical.imaging.geometry;

import org.vesalius.runtime.vision.image.ImageTransform;

/**
 * The way from the pixels of a source to those of what was made of it, and back: an affine map that
 * is composed of crops, quarter turns, flips, resizes and pads.
 *
 * <p>Coordinates are continuous with the origin at the top left corner: pixel {@code i} reaches
 * from {@code i} to {@code i + 1}, and its centre is {@code i + 0.5}. With these a resize is a
 * multiplication, without the half pixels that a count of centres would need; they are the
 * coordinates of {@link ImageTransform} and of the places that a model names.
 *
 * @param sourceWidth columns of the source
 * @param sourceHeight rows of the source
 * @param width columns of what was made of it
 * @param height rows of what was made of it
 * @param toX first row of the map: x is {@code toX.x * sourceX + toX.y * sourceY + toX.shift}
 * @param toY second row of the map
 */
public record PixelTransform(
    int sourceWidth, int sourceHeight, int width, int height, Row toX, Row toY) {

  /** One row of an affine map: {@code x * sourceX + y * sourceY + shift}. */
  public record Row(double x, double y, double shift) {
    double at(double sourceX, double sourceY) {
      return x * sourceX + y * sourceY + shift;
    }

    private Row times(double factor) {
      return new Row(factor * x, factor * y, factor * shift);
    }

    private Row plus(double distance) {
      return new Row(x, y, shift + distance);
    }
  }

  /** Checks the sides and that there is a way back. */
  public PixelTransform {
    if (sourceWidth < 1 || sourceHeight < 1 || width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "expected positive sides, found a source of %dx%d and a picture of %dx%d"
              .formatted(sourceWidth, sourceHeight, width, height));
    }
    double determinant = toX.x() * toY.y() - toX.y() * toY.x();
    if (determinant == 0
        || !Double.isFinite(determinant)
        || !Double.isFinite(toX.shift())
        || !Double.isFinite(toY.shift())) {
      throw new IllegalArgumentException("expected a map with a way back, found " + toX + toY);
    }
  }

  /** A source as it is. */
  public static PixelTransform of(int width, int height) {
    return new PixelTransform(width, height, width, height, new Row(1, 0, 0), new Row(0, 1, 0));
  }

  private PixelTransform with(int newWidth, int newHeight, Row x, Row y) {
    return new PixelTransform(sourceWidth, sourceHeight, newWidth, newHeight, x, y);
  }

  /**
   * Followed by cutting out a rectangle of the picture so far; where it reaches beyond, that is a
   * pad.
   */
  public PixelTransform cropped(double left, double top, int newWidth, int newHeight) {
    return with(newWidth, newHeight, toX.plus(-left), toY.plus(-top));
  }

  /** Followed by putting the picture on a larger canvas, {@code left} and {@code top} inside it. */
  public PixelTransform padded(double left, double top, int newWidth, int newHeight) {
    return cropped(-left, -top, newWidth, newHeight);
  }

  /** Followed by a resize. */
  public PixelTransform resized(int newWidth, int newHeight) {
    return with(
        newWidth,
        newHeight,
        toX.times(newWidth / (double) width),
        toY.times(newHeight / (double) height));
  }

  /** Followed by quarter turns clockwise; negative ones turn the other way. */
  public PixelTransform turned(int quarters) {
    return switch (Math.floorMod(quarters, 4)) {
      case 1 -> with(height, width, toY.times(-1).plus(height), toX);
      case 2 -> with(width, height, toX.times(-1).plus(width), toY.times(-1).plus(height));
      case 3 -> with(height, width, toY, toX.times(-1).plus(width));
      default -> this;
    };
  }

  /** Followed by exchanging left and right. */
  public PixelTransform mirrored() {
    return with(width, height, toX.times(-1).plus(width), toY);
  }

  /** Followed by exchanging top and bottom. */
  public PixelTransform flipped() {
    return with(width, height, toX, toY.times(-1).plus(height));
  }

  /**
   * Followed by what a model's preparation did with the picture, turning by EXIF not included: the
   * picture handed over was upright.
   */
  public PixelTransform then(ImageTransform preparation) {
    if (preparation.sourceWidth() != width || preparation.sourceHeight() != height) {
      throw new IllegalArgumentException(
          "expected the preparation of a picture of %dx%d, found one of %dx%d"
              .formatted(width, height, preparation.sourceWidth(), preparation.sourceHeight()));
    }
    double scaleX = preparation.modelWidth() / preparation.coveredWidth();
    double scaleY = preparation.modelHeight() / preparation.coveredHeight();
    return with(
        preparation.modelWidth(),
        preparation.modelHeight(),
        toX.plus(-preparation.left()).times(scaleX),
        toY.plus(-preparation.top()).times(scaleY));
  }

  /** What a point of the source has become. */
  public Point toModel(Point source) {
    return new Point(toX.at(source.x(), source.y()), toY.at(source.x(), source.y()));
  }

  /** The point of the source that has become this one; outside of it for a point of a pad. */
  public Point toSource(Point model) {
    double determinant = toX.x() * toY.y() - toX.y() * toY.x();
    double x = model.x() - toX.shift();
    double y = model.y() - toY.shift();
    return new Point(
        (toY.y() * x - toX.y() * y) / determinant, (toX.x() * y - toY.x() * x) / determinant);
  }

  /**
   * The millimetres from one pixel of the picture to the next, where those of the source are known.
   */
  public PixelSpacing spacing(PixelSpacing source) {
    double horizontal =
        Math.hypot(inverseX(1, 0) * source.horizontal(), inverseY(1, 0) * source.vertical());
    double vertical =
        Math.hypot(inverseX(0, 1) * source.horizontal(), inverseY(0, 1) * source.vertical());
    return new PixelSpacing(horizontal, vertical, source.place());
  }

  private double inverseX(double x, double y) {
    return (toY.y() * x - toX.y() * y) / (toX.x() * toY.y() - toX.y() * toY.x());
  }

  private double inverseY(double x, double y) {
    return (toX.x() * y - toY.x() * x) / (toX.x() * toY.y() - toX.y() * toY.x());
  }
}
