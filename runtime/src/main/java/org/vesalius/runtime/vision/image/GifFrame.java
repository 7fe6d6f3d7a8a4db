package org.vesalius.runtime.vision.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;

/**
 * Where the first frame of a GIF lies on its screen. What it leaves free is filled with the
 * transparent colour, or with colour 0, as in Pillow.
 *
 * <p>Source: GIF89a specification; Pillow {@code GifImagePlugin.py}.
 */
record GifFrame(int screenWidth, int screenHeight, int left, int top) {

  static GifFrame of(ImageSource source) {
    int flags = source.u8(10);
    int at = 13 + ((flags & 0x80) != 0 ? 3 * (2 << (flags & 7)) : 0);
    while (source.u8(at) == 0x21) {
      at += 2;
      while (source.u8(at) != 0) {
        at += source.u8(at) + 1;
      }
      at++;
    }
    if (source.u8(at) != 0x2c) {
      throw source.fail("GIF", "corrupt: expected an image descriptor at byte " + at);
    }
    int left = le16(source, at + 1);
    int top = le16(source, at + 3);
    int right = left + le16(source, at + 5);
    int bottom = top + le16(source, at + 7);
    GifFrame frame =
        new GifFrame(
            Math.max(right, le16(source, 6)), Math.max(bottom, le16(source, 8)), left, top);
    source.checkSize("GIF", frame.screenWidth, frame.screenHeight);
    return frame;
  }

  RasterImage place(ImageSource source, BufferedImage image) {
    if (!(image.getColorModel() instanceof IndexColorModel colours)) {
      throw source.fail("GIF", "expected a palette picture, found " + image);
    }
    RasterImage frame = RasterSamples.toImage(source, "GIF", image, false);
    if (screenWidth == frame.width() && screenHeight == frame.height()) {
      return frame;
    }
    int fill = colours.getRGB(Math.max(0, colours.getTransparentPixel()));
    byte[] rgb = new byte[Math.multiplyExact(3, screenWidth * screenHeight)];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) (fill >> 16);
      rgb[i + 1] = (byte) (fill >> 8);
      rgb[i + 2] = (byte) fill;
    }
    byte[] inner = frame.copyRgb();
    for (int y = 0; y < frame.height(); y++) {
      System.arraycopy(
          inner,
          3 * y * frame.width(),
          rgb,
          3 * ((top + y) * screenWidth + left),
          3 * frame.width());
    }
    return RasterImage.wrap(RasterImage.Samples.RGB8, screenWidth, screenHeight, rgb);
  }

  private static int le16(ImageSource source, int at) {
    return source.u8(at) | (source.u8(at + 1) << 8);
  }
}
