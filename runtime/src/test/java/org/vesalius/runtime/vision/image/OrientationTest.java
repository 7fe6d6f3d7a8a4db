package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OrientationTest {

  @ParameterizedTest
  @EnumSource
  void turnsEveryPixelToItsPlace(Orientation orientation) {
    // Stored 3x2:  a b c   Upright, by the EXIF table of what row 0 and column 0 are:
    //              d e f
    String upright =
        switch (orientation) {
          case TOP_LEFT -> "abc/def";
          case TOP_RIGHT -> "cba/fed";
          case BOTTOM_RIGHT -> "fed/cba";
          case BOTTOM_LEFT -> "def/abc";
          case LEFT_TOP -> "ad/be/cf";
          case RIGHT_TOP -> "da/eb/fc";
          case RIGHT_BOTTOM -> "fc/eb/da";
          case LEFT_BOTTOM -> "cf/be/ad";
        };
    byte[] letters = "abcdef".getBytes(StandardCharsets.US_ASCII);
    byte[] expected = upright.replace("/", "").getBytes(StandardCharsets.US_ASCII);
    RasterImage gray = RasterImage.ofGray8(3, 2, letters).turned(orientation);
    assertEquals(upright.indexOf('/'), gray.width());
    assertArrayEquals(expected, gray.bytes());
    assertEquals(3, gray.sourceWidth());
    assertEquals(2, gray.sourceHeight());
    assertEquals(orientation, gray.orientation());

    char[] wide = new String(letters, StandardCharsets.US_ASCII).toCharArray();
    assertArrayEquals(
        upright.replace("/", "").toCharArray(),
        RasterImage.ofGray16(3, 2, wide).turned(orientation).copyGray16());
    byte[] rgb =
        RasterImage.ofRgb(3, 2, RasterImage.ofGray8(3, 2, letters).copyRgb())
            .turned(orientation)
            .copyRgb();
    for (int i = 0; i < rgb.length; i++) {
      assertEquals(expected[i / 3], rgb[i]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void mapsPointsBackToTheStoredFile(Orientation orientation) {
    byte[] cells = {0, 1, 2, 3, 4, 5};
    RasterImage image = RasterImage.ofGray8(3, 2, cells).turned(orientation);
    ImageTransform transform =
        ImageTransform.of(image).resized(image.width() * 10, image.height() * 20);
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        double[] upright = transform.toSource(10 * x + 5, 20 * y + 10);
        assertArrayEquals(new double[] {x + 0.5, y + 0.5}, upright, 1e-12);
        assertArrayEquals(
            new double[] {10 * x + 5, 20 * y + 10},
            transform.toModel(upright[0], upright[1]),
            1e-12);
        double[] stored = transform.toStored(10 * x + 5, 20 * y + 10);
        int cell = 3 * (int) stored[1] + (int) stored[0];
        assertEquals(
            image.bytes()[y * image.width() + x], cell, orientation + " at " + x + ", " + y);
      }
    }
  }

  @Test
  void readsTheTagOfJpegFilesInEitherByteOrder() throws IOException {
    Path file =
        Path.of(
            System.getProperty("vesalius.root", ".."),
            "src/test/fixtures/qwen2_5_vl/images/wide.jpg");
    byte[] plain = Files.readAllBytes(file);
    RasterImage stored = ImageDecoder.decode(plain, "wide.jpg");
    assertEquals(Orientation.TOP_LEFT, stored.orientation());
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      for (int code = 0; code <= 9; code++) {
        RasterImage found = ImageDecoder.decode(withExif(plain, exif(code, order)), "code " + code);
        RasterImage expected = stored.turned(Orientation.ofExif(code));
        assertEquals(expected.width(), found.width(), order + " code " + code);
        assertEquals(stored.width(), found.sourceWidth(), order + " code " + code);
        assertArrayEquals(expected.copyRgb(), found.copyRgb(), order + " code " + code);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 6, 7, 13, 14, 15, 20, 25, 30})
  void brokenExifCountsAsAbsent(int length) throws IOException {
    Path file =
        Path.of(
            System.getProperty("vesalius.root", ".."),
            "src/test/fixtures/qwen2_5_vl/images/wide.jpg");
    byte[] plain = Files.readAllBytes(file);
    byte[] cut = Arrays.copyOf(exif(6, ByteOrder.BIG_ENDIAN), length);
    RasterImage image = ImageDecoder.decode(withExif(plain, cut), "cut EXIF");
    // The value ends at byte 26 of the segment; the rest of the entry is padding.
    assertEquals(length == 30 ? Orientation.RIGHT_TOP : Orientation.TOP_LEFT, image.orientation());
  }

  @Test
  void rastersCheckTheirSize() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> RasterImage.ofRgb(2, 2, new byte[11]));
    assertTrue(Goldens.message(e).contains("12 samples, found 11"), Goldens.message(e));
    assertThrows(IllegalArgumentException.class, () -> RasterImage.ofGray8(0, 2, new byte[0]));
    assertThrows(
        IllegalArgumentException.class, () -> RasterImage.ofGray16(65_536, 65_536, new char[0]));
    assertThrows(
        IllegalStateException.class, () -> RasterImage.ofGray8(1, 1, new byte[1]).copyGray16());
  }

  @Test
  void rastersDoNotShareTheirArrays() {
    byte[] pixels = {1, 2, 3};
    RasterImage image = RasterImage.ofRgb(1, 1, pixels);
    pixels[0] = 9;
    image.copyRgb()[1] = 9;
    assertArrayEquals(new byte[] {1, 2, 3}, image.copyRgb());
  }

  private static byte[] exif(int code, ByteOrder order) {
    ByteBuffer block = ByteBuffer.allocate(32).order(order);
    block.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII));
    block.put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(StandardCharsets.US_ASCII));
    block.putShort((short) 42).putInt(8).putShort((short) 1);
    block.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) code);
    return block.array();
  }

  /** The same JPEG with an APP1 segment after its start marker. */
  private static byte[] withExif(byte[] jpeg, byte[] exif) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, 2);
    out.write(0xff);
    out.write(0xe1);
    out.write((exif.length + 2) >> 8);
    out.write(exif.length + 2);
    out.writeBytes(exif);
    out.write(jpeg, 2, jpeg.length - 2);
    return out.toByteArray();
  }
}
