package org.vesalius.clinical.tools;

import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.vision.image.RasterImage;

/** A rectangle of whole pixels inside a picture. */
record PixelBox(int left, int top, int width, int height) {

  /**
   * The whole pixels that a box touches, and more around it where a side is shorter than wanted and
   * the picture has more.
   */
  static PixelBox around(Region.Box box, RasterImage image, int shortest) {
    int[] x = span(box.x0(), box.x1(), image.width(), shortest);
    int[] y = span(box.y0(), box.y1(), image.height(), shortest);
    return new PixelBox(x[0], y[0], x[1] - x[0], y[1] - y[0]);
  }

  private static int[] span(double from, double to, int side, int shortest) {
    int first = Math.clamp((int) Math.floor(from), 0, side - 1);
    int end = Math.clamp((int) Math.ceil(to), first + 1, side);
    int length = Math.max(end - first, Math.min(shortest, side));
    int grown = Math.clamp(first - (length - (end - first)) / 2, 0, side - length);
    return new int[] {grown, grown + length};
  }

  /** Cut out. */
  PlacedPicture of(PlacedPicture picture) {
    return picture.cropped(left, top, width, height);
  }
}
