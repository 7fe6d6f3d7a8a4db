package org.vesalius.runtime.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.vision.image.FixedSizeImageProcessor.Resize;

/** Transforms by hand, as compositions, and against where processors really put a spot. */
class ImageTransformTest {
  private static final PixelNormalization PLAIN =
      new PixelNormalization(new double[3], new double[] {1, 1, 1}, 1);

  private static RasterImage blank(int width, int height) {
    return RasterImage.ofGray8(width, height, new byte[width * height]);
  }

  @Test
  void stepsByHand() {
    ImageTransform transform = ImageTransform.of(blank(30, 20)).padded(0, 5, 30, 30);
    assertArrayEquals(new double[] {3, -1}, transform.toSource(3, 4));
    assertArrayEquals(new double[] {3, 4}, transform.toModel(3, -1));
    ImageTransform small = transform.resized(15, 15);
    assertArrayEquals(new double[] {30, 25}, small.toSource(15, 15));
    ImageTransform cut = small.cropped(2.5, -1, 10, 4);
    assertArrayEquals(new double[] {5, -7}, cut.toSource(0, 0));
    assertArrayEquals(new double[] {25, 1}, cut.toSource(10, 4));
    assertEquals(
        List.of(10, 4, 30, 20),
        List.of(cut.modelWidth(), cut.modelHeight(), cut.sourceWidth(), cut.sourceHeight()));
    assertEquals(
        List.of(5.0, -7.0, 20.0, 8.0),
        List.of(cut.left(), cut.top(), cut.coveredWidth(), cut.coveredHeight()));
  }

  @Test
  void compositionsCanBeUndone() {
    long seed = 11;
    Random random = new Random(seed);
    for (int run = 0; run < 500; run++) {
      ImageTransform transform =
          ImageTransform.of(blank(1 + random.nextInt(60), 1 + random.nextInt(60)));
      // The same steps on a point.
      double x = random.nextDouble(-5, 60);
      double y = random.nextDouble(-5, 60);
      double[] expected = {x, y};
      for (int step = random.nextInt(6); step > 0; step--) {
        int width = 1 + random.nextInt(500);
        int height = 1 + random.nextInt(500);
        double left = random.nextDouble(-100, 100);
        double top = random.nextInt(-100, 100);
        switch (random.nextInt(3)) {
          case 0 -> {
            expected[0] *= (double) width / transform.modelWidth();
            expected[1] *= (double) height / transform.modelHeight();
            transform = transform.resized(width, height);
          }
          case 1 -> {
            expected[0] -= left;
            expected[1] -= top;
            transform = transform.cropped(left, top, width, height);
          }
          default -> {
            expected[0] += left;
            expected[1] += top;
            transform = transform.padded(left, top, width, height);
          }
        }
      }
      String where = "seed " + seed + " run " + run + " " + transform;
      double[] model = transform.toModel(x, y);
      double scale = 1 + Math.abs(expected[0]) + Math.abs(expected[1]);
      assertArrayEquals(expected, model, 1e-9 * scale, where);
      assertArrayEquals(new double[] {x, y}, transform.toSource(model[0], model[1]), 1e-8, where);
    }
  }

  @Test
  void storedPointsAreInsideOfTheFileThroughAnyStep() {
    for (Orientation orientation : Orientation.values()) {
      RasterImage image = blank(30, 20).turned(orientation);
      ImageTransform transform =
          ImageTransform.of(image).padded(3, 4, 50, 60).resized(100, 30).cropped(6, 2, 10, 10);
      double[] source = transform.toSource(4, 5);
      double[] stored = transform.toStored(4, 5);
      double[] back = ImageTransform.of(image).toStored(source[0], source[1]);
      assertArrayEquals(back, stored, 1e-9, orientation.toString());
      assertEquals(orientation.swapsSides() ? 20 : 30, transform.sourceWidth());
    }
  }

  @Test
  void refusesEmptySides() {
    ImageTransform transform = ImageTransform.of(blank(3, 2));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> transform.resized(0, 4));
    assertTrue(Goldens.message(e).contains("3x2 seen as 0x4"), Goldens.message(e));
    assertThrows(IllegalArgumentException.class, () -> transform.cropped(0, 0, 1, -1));
    assertThrows(IllegalArgumentException.class, () -> transform.cropped(Double.NaN, 0, 1, 1));
  }

  /** A bright spot on black, seen by every processor, is found where the transform says. */
  @Test
  void agreesWithWhatProcessorsDo() {
    long seed = 12;
    Random random = new Random(seed);
    for (int run = 0; run < 40; run++) {
      int width = 60 + random.nextInt(200);
      int height = 60 + random.nextInt(200);
      // In the middle, so that a center crop keeps it.
      int spotX = width / 2 - 10 + random.nextInt(20);
      int spotY = height / 2 - 10 + random.nextInt(20);
      byte[] pixels = new byte[width * height];
      for (int y = spotY - 5; y < spotY + 5; y++) {
        for (int x = spotX - 5; x < spotX + 5; x++) {
          pixels[y * width + x] = (byte) 255;
        }
      }
      RasterImage image = RasterImage.ofGray8(width, height, pixels);
      String where = "seed %d run %d: %dx%d".formatted(seed, run, width, height);
      FixedSizeImageProcessor crop =
          new FixedSizeImageProcessor(
              false,
              new Resize.ShortestEdge(70),
              Filter.BILINEAR,
              Optional.of(new Size(56, 56)),
              PLAIN,
              14);
      FixedSizeImageProcessor pad =
          new FixedSizeImageProcessor(
              true, new Resize.Exact(84, 84), Filter.BILINEAR, Optional.empty(), PLAIN, 14);
      FixedSizeImageProcessor squeeze =
          new FixedSizeImageProcessor(
              false, new Resize.Exact(84, 84), Filter.BILINEAR, Optional.empty(), PLAIN, 14);
      assertSpot(crop.process(image), 14, spotX, spotY, where + " crop");
      assertSpot(pad.process(image), 14, spotX, spotY, where + " pad");
      boolean seen = false;
      for (ImagePatches input :
          new PanAndScanImageProcessor(squeeze, Optional.of(new PanAndScan(20, 4, 1.1)))
              .process(image)) {
        seen |= spotIn(input, 14, spotX, spotY, where + " crops");
      }
      assertTrue(seen, where);
      TiledImage tiled =
          new TiledImageProcessor(
                  84,
                  Filter.BILINEAR,
                  List.of(new Size(84, 168), new Size(168, 84), new Size(252, 252)),
                  PLAIN,
                  14)
              .process(image);
      assertSpot(tiled.whole(), 14, spotX, spotY, where + " whole");
      for (ImagePatches tile : tiled.tiles()) {
        spotIn(tile, 14, spotX, spotY, where + " tile");
      }
    }
  }

  private static void assertSpot(
      ImagePatches input, int patch, double spotX, double spotY, String where) {
    assertTrue(spotIn(input, patch, spotX, spotY, where), where + ": spot not seen");
  }

  /** Whether the whole spot is in this input; then its centre is where it should be. */
  private static boolean spotIn(
      ImagePatches input, int patch, double spotX, double spotY, String where) {
    ImageTransform transform = input.transform();
    double[] low = transform.toModel(spotX - 8, spotY - 8);
    double[] high = transform.toModel(spotX + 8, spotY + 8);
    if (low[0] < 0
        || low[1] < 0
        || high[0] > transform.modelWidth()
        || high[1] > transform.modelHeight()) {
      return false;
    }
    double weight = 0;
    double x = 0;
    double y = 0;
    for (int row = 0; row < input.gridH() * patch; row++) {
      for (int column = 0; column < input.gridW() * patch; column++) {
        float value = PatchPictures.at(input, patch, 0, row, column);
        weight += value;
        x += value * (column + 0.5);
        y += value * (row + 0.5);
      }
    }
    assertTrue(weight > 0, where + ": no spot");
    double[] found = transform.toSource(x / weight, y / weight);
    assertEquals(spotX, found[0], 0.6, where + " x");
    assertEquals(spotY, found[1], 0.6, where + " y");
    return true;
  }
}
