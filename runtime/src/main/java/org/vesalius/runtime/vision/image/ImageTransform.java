package org.vesalius.runtime.vision.image;

/**
 * The way back from pixels that a model saw to pixels of the source picture.
 *
 * <p>Coordinates are continuous with the origin at the top left corner: the left edge of the first
 * pixel is 0, the right edge of the last one is the width.
 *
 * @param sourceWidth columns of the upright picture
 * @param sourceHeight rows of the upright picture
 * @param orientation orientation of the stored file that was turned upright
 * @param resizedWidth columns that the model saw
 * @param resizedHeight rows that the model saw
 */
public record ImageTransform(
    int sourceWidth,
    int sourceHeight,
    Orientation orientation,
    int resizedWidth,
    int resizedHeight) {

  public ImageTransform {
    if (sourceWidth < 1 || sourceHeight < 1 || resizedWidth < 1 || resizedHeight < 1) {
      throw new IllegalArgumentException(
          "expected positive sides, found %dx%d resized to %dx%d"
              .formatted(sourceWidth, sourceHeight, resizedWidth, resizedHeight));
    }
  }

  /** Transform of a picture that was resized to the given sides. */
  public static ImageTransform of(RasterImage image, int resizedWidth, int resizedHeight) {
    return new ImageTransform(
        image.width(), image.height(), image.orientation(), resizedWidth, resizedHeight);
  }

  /** Point of the upright picture, (x, y), that became the given point of the resized one. */
  public double[] toSource(double x, double y) {
    return new double[] {x * sourceWidth / resizedWidth, y * sourceHeight / resizedHeight};
  }

  /** Point of the resized picture, (x, y), that the given point of the upright one became. */
  public double[] toResized(double x, double y) {
    return new double[] {x * resizedWidth / sourceWidth, y * resizedHeight / sourceHeight};
  }

  /**
   * Point of the picture as stored in the file, before its EXIF orientation was applied, (x, y).
   */
  public double[] toStored(double x, double y) {
    double[] upright = toSource(x, y);
    boolean swaps = orientation.swapsSides();
    double along = swaps ? upright[1] : upright[0];
    double across = swaps ? upright[0] : upright[1];
    int storedWidth = swaps ? sourceHeight : sourceWidth;
    int storedHeight = swaps ? sourceWidth : sourceHeight;
    return new double[] {
      orientation.flipsStoredX() ? storedWidth - along : along,
      orientation.flipsStoredY() ? storedHeight - across : across
    };
  }
}
