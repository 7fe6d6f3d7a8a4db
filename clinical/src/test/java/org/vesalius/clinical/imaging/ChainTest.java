package org.vesalius.clinical.imaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.Window;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.vision.image.Filter;

/** Random chains of what is done with a picture on its way to a model, and the way back. */
class ChainTest {
  private static final int CHAINS = 1000;
  private static final int POINTS = 20;
  private static final long SEED = 7;

  /** Steps, and whether all around a point was inside of each picture. */
  private record Chain(String steps, PlacedPicture picture, boolean whole) {}

  private static GreyFrame frame(SplittableRandom random, int width, int height, double[] values) {
    double horizontal = random.nextDouble(0.1, 5);
    double vertical = random.nextInt(3) == 0 ? horizontal : random.nextDouble(0.1, 5);
    double angle = random.nextDouble(Math.PI);
    SlicePlane plane =
        new SlicePlane(
            new Vector(random.nextDouble(-200, 200), random.nextDouble(-200, 200), 5),
            new Vector(Math.cos(angle), Math.sin(angle), 0).times(horizontal),
            new Vector(-Math.sin(angle), Math.cos(angle), 0).times(vertical),
            random.nextBoolean() ? SlicePlane.Space.RAS : SlicePlane.Space.LPS);
    return new GreyFrame(
        GreyValues.of(width, height, values),
        List.of(),
        false,
        GreyFrame.Quantity.UNKNOWN,
        Optional.empty(),
        Placement.of(
            new PixelSpacing(horizontal, vertical, PixelSpacing.Place.PATIENT),
            Optional.of(plane)));
  }

  private static Chain chain(
      SplittableRandom random, PlacedPicture picture, int count, Point watched) {
    boolean whole = true;
    StringBuilder steps = new StringBuilder();
    for (int i = 0; i < count; i++) {
      int width = picture.image().width();
      int height = picture.image().height();
      int kind = random.nextInt(6);
      picture =
          switch (kind) {
            case 0 ->
                picture.resized(random.nextInt(8, 160), random.nextInt(8, 160), Filter.BILINEAR);
            case 1 ->
                picture.padded(random.nextInt(20), random.nextInt(20), width + 40, height + 40);
            case 2 -> {
              int left = random.nextInt(-5, Math.max(1, width / 4));
              int top = random.nextInt(-5, Math.max(1, height / 4));
              yield picture.cropped(
                  left, top, Math.max(4, width - left - 5), Math.max(4, height - top - 5));
            }
            case 3 -> picture.turned(random.nextInt(-3, 4));
            case 4 -> picture.mirrored();
            default -> picture.flipped();
          };
      steps.append(kind);
      whole &= whole(picture, watched);
    }
    return new Chain(steps.toString(), picture, whole);
  }

  private static boolean whole(PlacedPicture picture, Point watched) {
    Point at = picture.transform().toModel(watched);
    double margin = 4 * Math.max(1, scale(picture));
    return at.x() >= margin
        && at.y() >= margin
        && at.x() <= picture.image().width() - margin
        && at.y() <= picture.image().height() - margin;
  }

  @Test
  void aPointComesBack() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int c = 0; c < CHAINS; c++) {
      int width = random.nextInt(8, 120);
      int height = random.nextInt(8, 120);
      GreyFrame frame = frame(random, width, height, new double[width * height]);
      WindowChoice window =
          new WindowChoice.Given(
              new Window(
                  random.nextDouble(-1000, 1000),
                  random.nextDouble(1, 3000),
                  Window.Function.LINEAR));
      PlacedPicture start = random.nextBoolean() ? frame.shown(window) : frame.picture(window);
      Chain chain = chain(random, start, random.nextInt(1, 7), new Point(0, 0));
      PlacedPicture model = chain.picture();
      PixelSpacing spacing = frame.place().spacing().orElseThrow();
      SlicePlane plane = frame.place().plane().orElseThrow();
      String where = "seed " + SEED + ", chain " + c + ", steps " + chain.steps();
      for (int p = 0; p < POINTS; p++) {
        Point source = new Point(random.nextDouble(width), random.nextDouble(height));
        Point there = model.transform().toModel(source);
        Point back = model.toSource(there);
        assertEquals(source.x(), back.x(), 1e-6, where);
        assertEquals(source.y(), back.y(), 1e-6, where);
        Point millimetres = model.toMillimetres(there).orElseThrow();
        assertEquals(source.x() * spacing.horizontal(), millimetres.x(), 1e-6, where);
        assertEquals(source.y() * spacing.vertical(), millimetres.y(), 1e-6, where);
        Point again = model.ofMillimetres(millimetres).orElseThrow();
        assertEquals(there.x(), again.x(), 1e-6, where);
        assertEquals(there.y(), again.y(), 1e-6, where);
        Vector patient = model.toPatient(there).orElseThrow();
        assertEquals(0, patient.minus(plane.toPatient(source)).length(), 1e-6, where);
      }
    }
  }

  /**
   * The pixels go where the map says: a bright spot of the source is found in the picture of the
   * model, and mapped back within half a pixel.
   */
  @Test
  void pixelsGoWhereTheMapSays() {
    SplittableRandom random = new SplittableRandom(SEED);
    int seen = 0;
    for (int c = 0; c < CHAINS; c++) {
      int width = random.nextInt(40, 120);
      int height = random.nextInt(40, 120);
      int spotX = random.nextInt(6, width - 6);
      int spotY = random.nextInt(6, height - 6);
      double[] values = new double[width * height];
      for (int y = spotY - 2; y <= spotY + 2; y++) {
        Arrays.fill(values, y * width + spotX - 2, y * width + spotX + 3, 1000);
      }
      GreyFrame frame = frame(random, width, height, values);
      WindowChoice window = new WindowChoice.Given(Window.ofRange(0, 1000));
      Point centre = new Point(spotX + 0.5, spotY + 0.5);
      Chain chain = chain(random, frame.shown(window), random.nextInt(1, 6), centre);
      PlacedPicture model = chain.picture();
      if (!chain.whole()) {
        continue; // cut off by a crop
      }
      Point found = centreOfBrightness(model);
      Point back = model.toSource(found);
      String where =
          "seed " + SEED + ", chain " + c + ", steps " + chain.steps() + ": " + back + centre;
      assertEquals(centre.x(), back.x(), 0.5, where);
      assertEquals(centre.y(), back.y(), 0.5, where);
      seen++;
    }
    assertTrue(seen > CHAINS / 2, "chains with the whole spot: " + seen);
  }

  /** Pixels of the model for one of the source, the larger of the two directions. */
  private static double scale(PlacedPicture model) {
    var x = model.transform().toX();
    var y = model.transform().toY();
    return Math.max(Math.hypot(x.x(), x.y()), Math.hypot(y.x(), y.y()));
  }

  private static Point centreOfBrightness(PlacedPicture picture) {
    char[] grey = picture.image().copyGray16();
    double sum = 0;
    double sumX = 0;
    double sumY = 0;
    int width = picture.image().width();
    for (int i = 0; i < grey.length; i++) {
      sum += grey[i];
      sumX += grey[i] * (i % width + 0.5);
      int row = i / width;
      sumY += grey[i] * (row + 0.5);
    }
    return new Point(sumX / sum, sumY / sum);
  }
}
