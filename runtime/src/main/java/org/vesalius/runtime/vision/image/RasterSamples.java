package org.vesalius.runtime.vision.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * Takes the stored samples of a {@link BufferedImage} as Pillow's {@code convert("RGB")} would:
 * profiles ignored, alpha dropped (divided out where it was multiplied in), CMYK by complement,
 * wide colours reduced to their high byte.
 */
final class RasterSamples {
  private RasterSamples() {}

  /**
   * The stored samples.
   *
   * @param multiplied whether the file holds colours multiplied by alpha
   */
  static RasterImage toImage(
      ImageSource source, String format, BufferedImage image, boolean multiplied) {
    ColorModel model = image.getColorModel();
    Raster raster = image.getRaster();
    int type = raster.getTransferType();
    if (type != DataBuffer.TYPE_BYTE
        && type != DataBuffer.TYPE_USHORT
        && type != DataBuffer.TYPE_INT) {
      throw unsupported(source, format, image);
    }
    if (model instanceof IndexColorModel colours) {
      return palette(raster, colours);
    }
    return switch (model.getColorSpace().getType()) {
      case ColorSpace.TYPE_GRAY -> gray(source, format, image);
      case ColorSpace.TYPE_RGB -> rgb(raster, model, multiplied);
      case ColorSpace.TYPE_CMYK -> cmyk(source, format, image);
      default -> throw unsupported(source, format, image);
    };
  }

  private static RasterImage palette(Raster raster, IndexColorModel colours) {
    int[] map = new int[1 << colours.getPixelSize()];
    int[] known = new int[colours.getMapSize()];
    colours.getRGBs(known);
    System.arraycopy(known, 0, map, 0, Math.min(known.length, map.length));
    return rows(
        raster,
        3,
        (pixels, bands, x, out, to) -> {
          int colour = map[pixels[x * bands]];
          out[to] = (byte) (colour >> 16);
          out[to + 1] = (byte) (colour >> 8);
          out[to + 2] = (byte) colour;
        });
  }

  private static RasterImage gray(ImageSource source, String format, BufferedImage image) {
    Raster raster = image.getRaster();
    int bits = raster.getSampleModel().getSampleSize(0);
    if (bits <= 8) {
      int scale = 255 / ((1 << bits) - 1);
      return rows(
          raster, 1, (pixels, bands, x, out, to) -> out[to] = (byte) (pixels[x * bands] * scale));
    }
    if (bits != 16) {
      throw unsupported(source, format, image);
    }
    int width = raster.getWidth();
    char[] chars = new char[width * raster.getHeight()];
    int[] row = new int[width];
    for (int y = 0; y < raster.getHeight(); y++) {
      raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        chars[y * width + x] = (char) row[x];
      }
    }
    return RasterImage.wrapGray16(width, raster.getHeight(), chars);
  }

  private static RasterImage rgb(Raster raster, ColorModel model, boolean associated) {
    int[] bits = model.getComponentSize();
    boolean multiplied = model.hasAlpha() && (associated || model.isAlphaPremultiplied());
    return rows(
        raster,
        3,
        (pixels, bands, x, out, to) -> {
          for (int c = 0; c < 3; c++) {
            int value = toByte(pixels[x * bands + c], bits[c]);
            if (multiplied) {
              int alpha = toByte(pixels[x * bands + 3], bits[3]);
              value = alpha == 0 ? value : Math.min(255, 255 * value / alpha);
            }
            out[to + c] = (byte) value;
          }
        });
  }

  private static RasterImage cmyk(ImageSource source, String format, BufferedImage image) {
    if (image.getRaster().getSampleModel().getSampleSize(0) != 8) {
      throw unsupported(source, format, image);
    }
    return rows(
        image.getRaster(),
        3,
        (pixels, bands, x, out, to) -> {
          for (int c = 0; c < 3; c++) {
            out[to + c] = JpegColour.cmykToRgb(pixels[x * bands + c], pixels[x * bands + 3]);
          }
        });
  }

  private static int toByte(int value, int bits) {
    return bits >= 8 ? value >> (bits - 8) : value * 255 / ((1 << bits) - 1);
  }

  /** Writes the samples of pixel {@code x} of a row at {@code to}. */
  private interface Pixel {
    void write(int[] pixels, int bands, int x, byte[] out, int to);
  }

  private static RasterImage rows(Raster raster, int channels, Pixel pixel) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    int bands = raster.getNumBands();
    byte[] out = new byte[Math.multiplyExact(width * height, channels)];
    int[] row = new int[width * bands];
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        pixel.write(row, bands, x, out, (y * width + x) * channels);
      }
    }
    return RasterImage.wrap(
        channels == 1 ? RasterImage.Samples.GRAY8 : RasterImage.Samples.RGB8, width, height, out);
  }

  private static ImageFormatException unsupported(
      ImageSource source, String format, BufferedImage image) {
    return source.fail(
        format,
        "unsupported samples: %d bands of %d bits, %s; expected gray, palette, RGB or CMYK of 8 or 16 bits; convert it to PNG"
            .formatted(
                image.getRaster().getNumBands(),
                image.getRaster().getSampleModel().getSampleSize(0),
                image.getColorModel().getClass().getSimpleName()));
  }
}
