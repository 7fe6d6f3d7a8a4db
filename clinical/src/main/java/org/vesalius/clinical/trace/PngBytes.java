package org.vesalius.clinical.trace;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.vesalius.runtime.vision.image.RasterImage;

/** The bytes of a PNG. Immutable: arrays are copied in and out. */
public final class PngBytes {
  private final byte[] bytes;

  /** Copies the bytes. */
  public PngBytes(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /** A picture as PNG without loss: 16 bits of grey stay 16 bits. */
  public static PngBytes of(RasterImage picture) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(buffered(picture), "png", out)) {
        throw new IllegalStateException("the JDK writes PNG");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("an array cannot be written", e);
    }
    return new PngBytes(out.toByteArray());
  }

  private static BufferedImage buffered(RasterImage picture) {
    int width = picture.width();
    int height = picture.height();
    boolean wide = picture.samples() == RasterImage.Samples.GRAY16;
    int type = wide ? BufferedImage.TYPE_USHORT_GRAY : BufferedImage.TYPE_3BYTE_BGR;
    BufferedImage image = new BufferedImage(width, height, type);
    int[] samples = new int[width * (wide ? 1 : 3)];
    char[] grey = wide ? picture.copyGray16() : new char[0];
    byte[] rgb = wide ? new byte[0] : picture.copyRgb();
    for (int y = 0; y < height; y++) {
      for (int i = 0, from = y * samples.length; i < samples.length; i++, from++) {
        samples[i] = wide ? grey[from] : rgb[from] & 0xff;
      }
      image.getRaster().setPixels(0, y, width, 1, samples);
    }
    return image;
  }

  /** A copy. */
  public byte[] copy() {
    return bytes.clone();
  }

  /** How many bytes there are. */
  public int size() {
    return bytes.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PngBytes png && Arrays.equals(bytes, png.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** How many there are: the picture may be a patient's. */
  @Override
  public String toString() {
    return "PngBytes[" + bytes.length + "]";
  }
}
