package org.vesalius.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.vesalius.runtime.vision.image.RasterImage;

/** Writes pictures as they are, 8 bits a sample. */
final class Pngs {
  private Pngs() {}

  static void write(RasterImage picture, Path file) {
    try (OutputStream out = Files.newOutputStream(file)) {
      if (!ImageIO.write(image(picture), "png", out)) {
        throw new IllegalStateException("the JDK writes PNG");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("picture " + file + " cannot be written: " + e, e);
    }
  }

  private static BufferedImage image(RasterImage picture) {
    byte[] rgb = picture.copyRgb();
    int width = picture.width();
    int height = picture.height();
    boolean grey = picture.samples() != RasterImage.Samples.RGB8;
    BufferedImage image =
        new BufferedImage(
            width, height, grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR);
    int[] row = new int[width * (grey ? 1 : 3)];
    for (int y = 0; y < height; y++) {
      for (int i = 0; i < row.length; i++) {
        row[i] = rgb[y * width * 3 + (grey ? 3 * i : i)] & 0xff;
      }
      image.getRaster().setPixels(0, y, width, 1, row);
    }
    return image;
  }
}
