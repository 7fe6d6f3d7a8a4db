package org.vesalius.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.runtime.vision.image.RasterImage;

class OverlayTest {
  private static final int GRAY = 0x646464;
  private static final Region.Mention MENTION = new Region.Mention("", 0, 0, List.of());

  @TempDir private Path folder = Path.of("");

  private static RasterImage picture() {
    byte[] gray = new byte[200 * 100];
    Arrays.fill(gray, (byte) 100);
    return RasterImage.ofGray8(200, 100, gray);
  }

  private static Region.Box box(int image, String label) {
    return new Region.Box(label, OptionalInt.of(image), 20, 40, 80, 90, MENTION);
  }

  private static int at(BufferedImage image, int x, int y) {
    return image.getRGB(x, y) & 0xffffff;
  }

  private static boolean yellow(int rgb) {
    return (rgb >> 16) > 200 && (rgb >> 8 & 0xff) > 160 && (rgb & 0xff) < 60;
  }

  @Test
  void aBoxIsALineAroundItsPlace() {
    BufferedImage drawn = Overlay.draw(picture(), 0, List.of(box(0, "")));
    assertEquals(200, drawn.getWidth());
    assertEquals(100, drawn.getHeight());
    for (int[] each : new int[][] {{20, 60}, {80, 60}, {50, 40}, {50, 90}, {19, 60}}) {
      assertTrue(
          yellow(at(drawn, each[0], each[1])), Integer.toHexString(at(drawn, each[0], each[1])));
    }
    for (int[] each : new int[][] {{50, 60}, {10, 10}, {24, 60}, {16, 60}, {150, 60}}) {
      assertEquals(GRAY, at(drawn, each[0], each[1]));
    }
    assertEquals(0, at(drawn, 18, 60), "the rim");
  }

  @Test
  void pointsAndPolygonsAreOutlines() {
    Region.Polygon triangle =
        new Region.Polygon(
            "",
            OptionalInt.of(0),
            List.of(
                new Region.Corner(120, 20), new Region.Corner(180, 20), new Region.Corner(180, 80)),
            MENTION);
    Region.Point point = new Region.Point("", OptionalInt.of(0), 50, 50, MENTION);
    BufferedImage drawn = Overlay.draw(picture(), 0, List.of(triangle, point));
    assertTrue(yellow(at(drawn, 150, 20)));
    assertTrue(yellow(at(drawn, 180, 50)));
    assertTrue(yellow(at(drawn, 150, 50)), "the closing side");
    assertEquals(GRAY, at(drawn, 170, 40));
    assertTrue(yellow(at(drawn, 54, 50)));
    assertEquals(GRAY, at(drawn, 60, 50));
  }

  @Test
  void otherPicturesPlacesAreLeftOut() {
    Region unplaced = new Region.Point("", OptionalInt.empty(), 10, 10, MENTION);
    BufferedImage drawn = Overlay.draw(picture(), 0, List.of(box(1, "x"), unplaced));
    for (int y = 0; y < 100; y++) {
      for (int x = 0; x < 200; x++) {
        assertEquals(GRAY, at(drawn, x, y));
      }
    }
  }

  @Test
  void aLabelStandsBesideItsPlace() {
    BufferedImage drawn = Overlay.draw(picture(), 0, List.of(box(0, "nodule")));
    int changed = 0;
    for (int y = 15; y < 36; y++) {
      for (int x = 20; x < 70; x++) {
        changed += at(drawn, x, y) == GRAY ? 0 : 1;
      }
    }
    assertTrue(changed > 300, "pixels of the label: " + changed);
  }

  @Test
  void tinyPicturesAreEnlargedAndLargeOnesHaveThickerLines() {
    byte[] small = new byte[64 * 64];
    Arrays.fill(small, (byte) 100);
    Region.Box box = new Region.Box("", OptionalInt.of(0), 10, 10, 50, 50, MENTION);
    BufferedImage drawn = Overlay.draw(RasterImage.ofGray8(64, 64, small), 0, List.of(box));
    assertEquals(384, drawn.getWidth());
    assertTrue(yellow(at(drawn, 60, 180)));
    assertEquals(GRAY, at(drawn, 180, 180));
    byte[] large = new byte[2000 * 1300];
    Arrays.fill(large, (byte) 100);
    Region.Box wide = new Region.Box("", OptionalInt.of(0), 500, 500, 900, 900, MENTION);
    drawn = Overlay.draw(RasterImage.ofGray8(2000, 1300, large), 0, List.of(wide));
    assertEquals(2000, drawn.getWidth());
    assertTrue(yellow(at(drawn, 498, 700)) && yellow(at(drawn, 501, 700)));
  }

  @Test
  void aScaleBarHasARoundLength() {
    // A quarter of 200 pixels is 50, at 0.5 mm a pixel 25 mm: 20 mm are 40 pixels.
    BufferedImage drawn = Overlay.draw(picture(), 0, List.of(), new ScaleBar(0.5, ""));
    int white = 0;
    for (int x = 0; x < 200; x++) {
      white += at(drawn, x, 86) == 0xffffff ? 1 : 0;
    }
    assertEquals(40, white);
    assertEquals("2 cm", new ScaleBar(0.5, "").text(20));
    assertEquals("5 mm at the detector", new ScaleBar(0.5, "at the detector").text(5));
    assertEquals("20 µm", new ScaleBar(0.00025, "").text(0.02));
    assertEquals(1, new ScaleBar(0.5, "").millimetres(3.9), 1e-12);
    assertEquals(5, new ScaleBar(0.5, "").millimetres(10), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> new ScaleBar(0, ""));
  }

  @Test
  void labelsStayInsideAndDoNotCoverEachOther() {
    Region edge =
        new Region.Box(
            "a label that is longer than what is left",
            OptionalInt.of(0),
            150,
            0,
            200,
            30,
            MENTION);
    Region below = new Region.Box("second", OptionalInt.of(0), 150, 45, 199, 60, MENTION);
    BufferedImage alone = Overlay.draw(picture(), 0, List.of(edge));
    BufferedImage both = Overlay.draw(picture(), 0, List.of(edge, below));
    int kept = 0;
    int written = 0;
    for (int y = 34; y < 45; y++) {
      for (int x = 0; x < 148; x++) {
        written += at(alone, x, y) == GRAY ? 0 : 1;
        kept += at(alone, x, y) == at(both, x, y) ? 1 : 0;
      }
    }
    assertTrue(written > 500, "pixels of the label left of its box: " + written);
    assertEquals(11 * 148, kept);
  }

  @Test
  void writesPng() throws IOException {
    Path file = folder.resolve("a.png");
    Overlay.write(picture(), 0, List.of(box(0, "")), file);
    BufferedImage read = ImageIO.read(file.toFile());
    assertTrue(yellow(at(read, 20, 60)));
    UncheckedIOException e =
        assertThrows(
            UncheckedIOException.class,
            () -> Overlay.write(picture(), 0, List.of(), folder.resolve("no/a.png")));
    assertTrue(String.valueOf(e.getMessage()).contains("a.png"), e.getMessage());
  }
}
