package org.vesalius.runtime.vision.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads the first picture of any other format for which a {@code javax.imageio} plug-in is present:
 * GIF, BMP, TIFF, WebP and lossless JPEG with what this module brings along. Samples are taken from
 * the raster, not through colour management.
 */
final class PluginDecoder {
  private static final int EXTRA_SAMPLES = 338;
  private static final int ASSOCIATED_ALPHA = 1;

  private PluginDecoder() {}

  static RasterImage decode(ImageSource source) {
    String format = format(source);
    ExifOrientation exif = new ExifOrientation();
    switch (format) {
      case "TIFF" -> exif.addExif(source.bytes(), 0, source.length());
      case "WebP" -> readWebpMetadata(source, exif);
      default -> {}
    }
    return decode(source, format).turned(exif.orientation());
  }

  /** The picture as stored. */
  static RasterImage decode(ImageSource source, String format) {
    try (MemoryCacheImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(source.bytes()))) {
      ImageReader reader =
          ImageReaders.of(stream)
              .orElseThrow(() ->
                  source.fail(
                      format,
                      "not a readable image; expected PNG, JPEG, GIF, BMP, TIFF or WebP, or the javax.imageio plug-in of its format"
                          + " on the class path"));
      try {
        reader.setInput(stream, true, true);
        source.checkSize(format, reader.getWidth(0), reader.getHeight(0));
        GifFrame frame = format.equals("GIF") ? GifFrame.of(source) : null;
        BufferedImage image = reader.read(0);
        return frame == null
            ? RasterSamples.toImage(source, format, image, multiplied(source, format))
            : frame.place(source, image);
      } finally {
        reader.dispose();
      }
    } catch (ImageFormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Plug-ins answer broken files with every kind of runtime exception.
      throw source.fail(format, "truncated, corrupt or unsupported", e);
    }
  }

  private static String format(ImageSource source) {
    if (source.matches(0, "GIF8")) {
      return "GIF";
    }
    if (source.matches(0, "BM")) {
      return "BMP";
    }
    if (source.matches(0, "II*\0") || source.matches(0, "MM\0*")) {
      return "TIFF";
    }
    if (source.matches(0, "RIFF") && source.matches(8, "WEBP")) {
      return "WebP";
    }
    return "unknown format";
  }

  /**
   * Whether colours were multiplied by alpha: TIFF says so in a tag that its plug-in does not pass
   * on.
   */
  private static boolean multiplied(ImageSource source, String format) {
    if (!format.equals("TIFF")) {
      return false;
    }
    Integer extra = ExifOrientation.find(source.bytes(), 0, source.length(), EXTRA_SAMPLES);
    return extra != null && extra == ASSOCIATED_ALPHA;
  }

  private static void readWebpMetadata(ImageSource source, ExifOrientation exif) {
    long at = 12;
    while (at + 8 <= source.length()) {
      int chunk = (int) at;
      long size = Long.reverseBytes(source.u32(chunk + 4)) >>> 32;
      long from = at + 8;
      if (size > source.length() - from) {
        throw source.fail("WebP", "truncated: chunk at byte " + at);
      }
      if (source.matches(chunk, "EXIF")) {
        exif.addExif(source.bytes(), (int) from, (int) size);
      } else if (source.matches(chunk, "XMP ")) {
        exif.addXmp(source.bytes(), (int) from, (int) size);
      }
      at = from + size + (size & 1);
    }
  }
}
