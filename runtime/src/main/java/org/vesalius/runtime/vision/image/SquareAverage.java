package org.vesalius.runtime.vision.image;

/** Makes a picture smaller by averaging squares of pixels, from pieces that come one by one. */
final class SquareAverage {
  private final int width;
  private final int height;
  private final int step;
  private final int outWidth;
  private final int outHeight;
  private int[] colours = {};
  private long[] greys = {};

  SquareAverage(int width, int height, int step) {
    this.width = width;
    this.height = height;
    this.step = step;
    outWidth = Math.ceilDiv(width, step);
    outHeight = Math.ceilDiv(height, step);
  }

  /** A piece at a place, which may reach beyond the picture. */
  void add(RasterImage piece, int left, int top) {
    int pixels = Math.multiplyExact(outWidth, outHeight);
    boolean wide = piece.samples() == RasterImage.Samples.GRAY16;
    if (wide && greys.length == 0) {
      greys = new long[pixels];
    } else if (!wide && colours.length == 0) {
      colours = new int[Math.multiplyExact(3, pixels)];
    }
    byte[] rgb = wide ? new byte[0] : piece.copyRgb();
    char[] chars = piece.chars();
    int endY = Math.min(height, top + piece.height());
    int endX = Math.min(width, left + piece.width());
    for (int y = Math.max(0, top); y < endY; y++) {
      for (int x = Math.max(0, left); x < endX; x++) {
        int from = (y - top) * piece.width() + x - left;
        int to = y / step * outWidth + x / step;
        if (wide) {
          greys[to] += chars[from];
        } else {
          colours[3 * to] += rgb[3 * from] & 0xff;
          colours[3 * to + 1] += rgb[3 * from + 1] & 0xff;
          colours[3 * to + 2] += rgb[3 * from + 2] & 0xff;
        }
      }
    }
  }

  /** The averages. */
  RasterImage image() {
    if ((colours.length == 0) == (greys.length == 0)) {
      throw new IllegalStateException("expected pieces of one kind of samples");
    }
    byte[] rgb = new byte[colours.length];
    char[] grey = new char[greys.length];
    for (int y = 0, out = 0; y < outHeight; y++) {
      long rows = Math.min(step, height - y * step);
      for (int x = 0; x < outWidth; x++, out++) {
        long count = rows * Math.min(step, width - x * step);
        if (grey.length > 0) {
          grey[out] = (char) ((greys[out] + count / 2) / count);
        } else {
          for (int c = 0; c < 3; c++) {
            rgb[3 * out + c] = (byte) ((colours[3 * out + c] + count / 2) / count);
          }
        }
      }
    }
    return grey.length > 0
        ? RasterImage.wrapGray16(outWidth, outHeight, grey)
        : RasterImage.wrap(RasterImage.Samples.RGB8, outWidth, outHeight, rgb);
  }
}
