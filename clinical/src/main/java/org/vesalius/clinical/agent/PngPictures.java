package org.vesalius.clinical.agent;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.vesalius.clinical.trace.PngBytes;
import org.vesalius.runtime.vision.image.RasterImage;

/** Writes pictures as PNG for traces, every sample as it is. */
final class PngPictures {
  /** Larger ones would make a trace unwieldy. */
  private static final long MAX_PIXELS = 4_194_304;

  private PngPictures() {}

  /** The PNG; empty for a picture of more than four million pixels. */
  static Optional<PngBytes> of(RasterImage picture) {
    if ((long) picture.width() * picture.height() > MAX_PIXELS) {
      return Optional.empty();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image(picture), "png", bytes)) {
        throw new IllegalStateException("the JDK writes PNG");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a picture in memory cannot be written as PNG", e);
    }
    return Optional.of(new PngBytes(bytes.toByteArray()));
  }

  private static BufferedImage image(RasterImage picture) {
    int width = picture.width();
    int height = picture.height();
    boolean wide = picture.samples() == RasterImage.Samples.GRAY16;
    BufferedImage image =
        new BufferedImage(
            width, height, wide ? BufferedImage.TYPE_USHORT_GRAY : BufferedImage.TYPE_3BYTE_BGR);
    char[] grey = wide ? picture.copyGray16() : new char[0];
    byte[] rgb = wide ? new byte[0] : picture.copyRgb();
    int[] row = new int[wide ? width : 3 * width];
    for (int y = 0; y < height; y++) {
      for (int i = 0; i < row.length; i++) {
        row[i] = wide ? grey[y * width + i] : rgb[y * row.length + i] & 0xff;
      }
      image.getRaster().setPixels(0, y, width, 1, row);
    }
    return image;
  }
}
