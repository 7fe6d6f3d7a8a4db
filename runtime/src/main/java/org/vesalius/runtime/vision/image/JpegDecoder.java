package org.vesalius.runtime.vision.image;

import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads baseline and progressive JPEG of 8 bits equal to libjpeg-turbo as Pillow uses it.
 *
 * <p>The JDK's reader (libjpeg) does entropy decoding, inverse DCT and chroma upsampling; it is
 * given a stream without metadata and asked for raw components, because its own colour choices
 * differ. What libjpeg-turbo does beyond that, smooth vertical upsampling of 4:4:0 and the colour
 * conversion, is in {@link JpegColour}. Pillow takes four components as inverted CMYK, whatever the
 * file says. Source: libjpeg-turbo {@code jdsample.c}, {@code jdcolor.c}; Pillow {@code
 * JpegImagePlugin.py}.
 */
final class JpegDecoder {
  static final String FORMAT = "JPEG";
  static final String SIGNATURE = "\u00ff\u00d8\u00ff";

  private static final int BASELINE = 0xc0;
  private static final int EXTENDED = 0xc1;
  private static final int PROGRESSIVE = 0xc2;
  private static final int LOSSLESS = 0xc3;

  private JpegDecoder() {}

  static RasterImage decode(ImageSource source) {
    JpegHeader header = new JpegHeader(source);
    if (header.process == LOSSLESS) {
      return PluginDecoder.decode(source, "lossless JPEG").turned(header.orientation());
    }
    boolean known =
        header.process == BASELINE || header.process == EXTENDED || header.process == PROGRESSIVE;
    JpegHeader.ColourSpace space = header.colourSpace();
    if (!known || header.precision != 8 || space == null) {
      throw source.fail(
          FORMAT,
          "unsupported: process 0x%02x, %d bits, %d components; expected baseline, progressive or lossless with 1, 3 or 4"
                  .formatted(header.process, header.precision, header.components())
              + " components of 8 bits; convert it to PNG");
    }
    byte[] samples = readComponents(source, header);
    JpegColour.smoothRows(samples, header);
    RasterImage image =
        space == JpegHeader.ColourSpace.GRAY
            ? RasterImage.wrap(RasterImage.Samples.GRAY8, header.width, header.height, samples)
            : RasterImage.wrap(
                RasterImage.Samples.RGB8,
                header.width,
                header.height,
                JpegColour.toRgb(samples, space));
    return image.turned(header.orientation());
  }

  /** Components as stored, upsampled, interleaved: (height, width, components). */
  private static byte[] readComponents(ImageSource source, JpegHeader header) {
    ImageReader reader = platformReader(source);
    try (MemoryCacheImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(header.bare()))) {
      AtomicReference<@Nullable String> damage = new AtomicReference<>();
      reader.addIIOReadWarningListener((_, warning) -> {
        if (isDamage(warning)) {
          damage.compareAndSet(null, warning);
        }
      });
      reader.setInput(stream, true, true);
      Raster raster = reader.readRaster(0, null);
      String warning = damage.get();
      if (warning != null) {
        throw source.fail(FORMAT, "truncated or corrupt: " + warning);
      }
      int components = header.components();
      int expected = header.width * header.height * components;
      if (raster.getNumBands() != components
          || !(raster.getDataBuffer() instanceof DataBufferByte buffer)
          || buffer.getData().length != expected) {
        throw source.fail(FORMAT, "the JDK's reader returned an unexpected layout: " + raster);
      }
      return buffer.getData();
    } catch (ImageFormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw source.fail(FORMAT, "corrupt", e);
    } finally {
      reader.dispose();
    }
  }

  /**
   * libjpeg warns and goes on with made-up pixels; only what cannot have touched a pixel is let
   * pass.
   */
  private static boolean isDamage(String warning) {
    return !warning.contains("extraneous bytes")
        && !warning.contains("JFIF")
        && !warning.contains("Adobe color transform")
        && !warning.contains("Invalid SOS parameters");
  }

  private static ImageReader platformReader(ImageSource source) {
    return ImageReaders.ofPlatform("jpeg")
        .orElseThrow(() ->
            source.fail(
                FORMAT, "the JDK's JPEG reader is missing; run with the module java.desktop"));
  }
}
