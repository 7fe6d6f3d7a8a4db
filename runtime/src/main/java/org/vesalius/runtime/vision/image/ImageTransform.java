package org.vesalius.runtime.vision.image;

/**
 * The way between pixels of a source picture and pixels of the tensor that a model saw: per axis an
 * affine map made of resizes, crops and pads.
 *
 * <p>It is kept as the rectangle of the upright source picture that the tensor covers. Where the
 * tensor was padded the rectangle reaches beyond the picture, where it was cropped it is smaller.
 * Coordinates are continuous with the origin at the top left corner: the left edge of the first
 * pixel is 0, the right edge of the last one is the width.
 *
 * @param sourceWidth columns of the upright picture
 * @param sourceHeight rows of the upright picture
 * @param orientation orientation of the stored file that was turned upright
 * @param left left edge of the covered rectangle, in source pixels
 * @param top top edge of the covered rectangle, in source pixels
 * @param coveredWidth width of the covered rectangle, in source pixels
 * @param coveredHeight height of the covered rectangle, in source pixels
 * @param modelWidth columns that the model saw
 * @param modelHeight rows that the model saw
 */
public record ImageTransform(
    int sourceWidth,
    int sourceHeight,
    Orientation orientation,
    double left,
    double top,
    double coveredWidth,
    double coveredHeight,
    int modelWidth,
    int modelHeight) {

  public ImageTransform {
    if (sourceWidth < 1 || sourceHeight < 1 || modelWidth < 1 || modelHeight < 1) {
      throw new IllegalArgumentException(
          "expected positive sides, found a picture of %dx%d seen as %dx%d"
              .formatted(sourceWidth, sourceHeight, modelWidth, modelHeight));
    }
    if (!Double.isFinite(left)
        || !Double.isFinite(top)
        || !(coveredWidth > 0 && Double.isFinite(coveredWidth))
        || !(coveredHeight > 0 && Double.isFinite(coveredHeight))) {
      throw new IllegalArgumentException(
          "expected a covered rectangle with a positive area, found %sx%s at (%s, %s)"
              .formatted(coveredWidth, coveredHeight, left, top));
    }
  }

  /** Transform of a picture that the model sees as it is. */
  public static ImageTransform of(RasterImage image) {
    int width = image.width();
    int height = image.height();
    return new ImageTransform(
        width, height, image.orientation(), 0, 0, width, height, width, height);
  }

  /** Followed by a resize to the given sides; what is covered stays. */
  public ImageTransform resized(int width, int height) {
    return new ImageTransform(
        sourceWidth,
        sourceHeight,
        orientation,
        left,
        top,
        coveredWidth,
        coveredHeight,
        width,
        height);
  }

  /**
   * Followed by cutting out a rectangle, in the pixels that the model saw so far. It may reach
   * beyond them, which is a pad.
   */
  public ImageTransform cropped(double cropLeft, double cropTop, int width, int height) {
    return new ImageTransform(
        sourceWidth,
        sourceHeight,
        orientation,
        left + cropLeft * coveredWidth / modelWidth,
        top + cropTop * coveredHeight / modelHeight,
        width * coveredWidth / modelWidth,
        height * coveredHeight / modelHeight,
        width,
        height);
  }

  /**
   * Followed by putting the picture on a canvas of {@code width} by {@code height}, {@code padLeft}
   * columns from its left and {@code padTop} rows from its top.
   */
  public ImageTransform padded(double padLeft, double padTop, int width, int height) {
    return cropped(-padLeft, -padTop, width, height);
  }

  /**
   * Point of the upright picture, (x, y), that became the given point of the model's; outside of
   * the picture for a point in the padding.
   */
  public double[] toSource(double x, double y) {
    return new double[] {
      left + x * coveredWidth / modelWidth, top + y * coveredHeight / modelHeight
    };
  }

  /** Point that the model saw, (x, y), which the given point of the upright picture became. */
  public double[] toModel(double x, double y) {
    return new double[] {
      (x - left) * modelWidth / coveredWidth, (y - top) * modelHeight / coveredHeight
    };
  }

  /**
   * Point of the picture as stored in the file, before its EXIF orientation was applied, (x, y),
   * that became the given point of the model's.
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
