package org.vesalius.runtime.vision.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads picture files the way the reference does before its image processor: Pillow's {@code
 * exif_transpose} and {@code convert("RGB")}, as in transformers' {@code load_image}.
 *
 * <p>PNG and JPEG are equal to Pillow to the bit; GIF, BMP, TIFF and WebP go through {@code
 * javax.imageio} (TwelveMonkeys for the last two), as does any other format with a plug-in. Alpha
 * is dropped, colour profiles are ignored, of an animation the first frame is read. One deliberate
 * difference: gray of 16 bits, which Pillow would clip to 255, keeps its full depth.
 *
 * <p>Nothing is cached on disk. A file that is truncated or damaged in a way that touches pixels is
 * refused.
 */
public final class ImageDecoder {
  /**
   * Largest accepted width times height unless said otherwise: the size from which Pillow refuses a
   * picture.
   */
  public static final long DEFAULT_MAX_PIXELS = 178_956_970;

  /** More would not fit three bytes a pixel into one array. */
  private static final long LARGEST_MAX_PIXELS = (Integer.MAX_VALUE - 8) / 3;

  private ImageDecoder() {}

  /**
   * Decodes the bytes of a picture file.
   *
   * @param origin where the bytes came from, for messages
   * @throws ImageFormatException when they are no picture, or one that is damaged, unsupported or
   *     too large
   */
  public static RasterImage decode(byte[] bytes, String origin) {
    return decode(bytes, origin, DEFAULT_MAX_PIXELS);
  }

  /**
   * Decodes the bytes of a picture file.
   *
   * @param maxPixels largest accepted width times height, checked before pixels are allocated
   * @throws ImageFormatException when they are no picture, or one that is damaged, unsupported or
   *     too large
   */
  public static RasterImage decode(byte[] bytes, String origin, long maxPixels) {
    if (maxPixels < 1 || maxPixels > LARGEST_MAX_PIXELS) {
      throw new IllegalArgumentException(
          "maxPixels: expected 1 to " + LARGEST_MAX_PIXELS + ", found " + maxPixels);
    }
    ImageSource source = new ImageSource(bytes, origin, maxPixels);
    if (source.matches(0, PngDecoder.SIGNATURE)) {
      return PngDecoder.decode(source);
    }
    if (source.matches(0, JpegDecoder.SIGNATURE)) {
      return JpegDecoder.decode(source);
    }
    return PluginDecoder.decode(source);
  }

  /**
   * Reads a picture file.
   *
   * @throws ImageFormatException when it is no picture, or one that is damaged, unsupported or too
   *     large
   * @throws UncheckedIOException when the file cannot be read
   */
  public static RasterImage read(Path path) {
    try {
      return decode(Files.readAllBytes(path), path.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read image file " + path, e);
    }
  }
}
