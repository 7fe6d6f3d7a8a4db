package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.vision.image.ImageDecoder;
import org.vesalius.runtime.vision.image.RasterImage;

/** Hashes are of the samples, in the order that is written down. */
class PixelHashTest {

  @Test
  void samplesAreHashedInTheirOrder() {
    byte[] rgb = {0, 1, 2, (byte) 0xff, 4, 5};
    assertEquals(Sha256.hex(rgb), PixelHash.of(RasterImage.ofRgb(2, 1, rgb)));
    byte[] three = {7, 7, 7, (byte) 0x80, (byte) 0x80, (byte) 0x80};
    byte[] grey = {7, (byte) 0x80};
    assertEquals(Sha256.hex(three), PixelHash.of(RasterImage.ofGray8(1, 2, grey)));
    byte[] highFirst = {0x12, 0x34, (byte) 0xff, (byte) 0xfe};
    char[] wide = {0x1234, 0xfffe};
    assertEquals(Sha256.hex(highFirst), PixelHash.of(RasterImage.ofGray16(2, 1, wide)));
  }

  @Test
  void picturesOfAnySizeAreHashedWhole() {
    Random random = new Random(7);
    int width = 331; // more samples than one block, and no multiple of it
    char[] samples = new char[width * width];
    byte[] bytes = new byte[2 * samples.length];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (char) random.nextInt(0x10000);
      bytes[2 * i] = (byte) (samples[i] >> 8);
      bytes[2 * i + 1] = (byte) samples[i];
    }
    assertEquals(Sha256.hex(bytes), PixelHash.of(RasterImage.ofGray16(width, width, samples)));
  }

  @Test
  void pngKeepsEverySample() {
    Random random = new Random(8);
    char[] wide = new char[35];
    byte[] rgb = new byte[105];
    random.nextBytes(rgb);
    for (int i = 0; i < wide.length; i++) {
      wide[i] = (char) random.nextInt(0x10000);
    }
    RasterImage deep = decoded(RasterImage.ofGray16(7, 5, wide));
    assertArrayEquals(wide, deep.copyGray16(), "seed 8");
    RasterImage colour = decoded(RasterImage.ofRgb(7, 5, rgb));
    assertArrayEquals(rgb, colour.copyRgb(), "seed 8");
    assertEquals(PixelHash.of(RasterImage.ofRgb(7, 5, rgb)), PixelHash.of(colour));
  }

  private static RasterImage decoded(RasterImage picture) {
    return ImageDecoder.decode(PngBytes.of(picture).copy(), "png");
  }
}
