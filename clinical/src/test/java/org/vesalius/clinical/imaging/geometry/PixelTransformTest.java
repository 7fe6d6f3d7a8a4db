package org.vesalius.clinical.imaging.geometry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vesalius.runtime.vision.image.ImageTransform;
import org.vesalius.runtime.vision.image.Orientation;

class PixelTransformTest {
  private static final double ROUNDING = 1e-9;

  private static void assertAt(double x, double y, Point found) {
    assertEquals(x, found.x(), ROUNDING, found.toString());
    assertEquals(y, found.y(), ROUNDING, found.toString());
  }

  @Test
  void stepsByHand() {
    PixelTransform source = PixelTransform.of(100, 60);
    assertAt(7, 8, source.toModel(new Point(7, 8)));
    assertAt(7 - 5, 8 - 3, source.cropped(5, 3, 20, 20).toModel(new Point(7, 8)));
    assertAt(7 + 5, 8 + 3, source.padded(5, 3, 200, 200).toModel(new Point(7, 8)));
    assertAt(14, 4, source.resized(200, 30).toModel(new Point(7, 8)));
    assertAt(93, 8, source.mirrored().toModel(new Point(7, 8)));
    assertAt(7, 52, source.flipped().toModel(new Point(7, 8)));
    // Clockwise: what was at the left is at the top.
    assertAt(52, 7, source.turned(1).toModel(new Point(7, 8)));
    assertAt(93, 52, source.turned(2).toModel(new Point(7, 8)));
    assertAt(8, 93, source.turned(-1).toModel(new Point(7, 8)));
    assertEquals(60, source.turned(1).width());
    assertEquals(source, source.turned(4));
  }

  @Test
  void pixelCentresOfAResizeAreBetweenThoseThatMadeThem() {
    PixelTransform half = PixelTransform.of(4, 4).resized(2, 2);
    // The first pixel of two is made of the first two of four, whose common edge is at 1.
    assertAt(1, 1, half.toSource(new Point(0.5, 0.5)));
  }

  @Test
  void spacingFollowsTheSteps() {
    PixelSpacing source = new PixelSpacing(0.5, 2, PixelSpacing.Place.PATIENT);
    PixelSpacing turned = PixelTransform.of(100, 60).resized(50, 120).turned(1).spacing(source);
    assertEquals(1, turned.horizontal(), ROUNDING);
    assertEquals(1, turned.vertical(), ROUNDING);
  }

  @Test
  void aModelsPreparationFollows() {
    ImageTransform preparation =
        new ImageTransform(60, 100, Orientation.TOP_LEFT, 0, 0, 60, 100, 60, 100)
            .padded(20, 0, 100, 100)
            .resized(448, 448);
    PixelTransform whole = PixelTransform.of(100, 60).turned(1).then(preparation);
    Point source = new Point(7, 8);
    double[] expected = preparation.toModel(52, 7);
    assertAt(expected[0], expected[1], whole.toModel(source));
    assertAt(7, 8, whole.toSource(whole.toModel(source)));
    assertThrows(
        IllegalArgumentException.class, () -> PixelTransform.of(100, 60).then(preparation));
  }

  @Test
  void whatHasNoWayBackIsRefused() {
    PixelTransform.Row row = new PixelTransform.Row(1, 0, 0);
    assertThrows(IllegalArgumentException.class, () -> new PixelTransform(1, 1, 1, 1, row, row));
    assertThrows(IllegalArgumentException.class, () -> PixelTransform.of(4, 4).resized(0, 4));
  }

  @Test
  void slicesInThePatient() {
    SlicePlane plane =
        new SlicePlane(
            new Vector(-100, -90, 30),
            new Vector(0.5, 0, 0),
            new Vector(0, 0, -2),
            SlicePlane.Space.LPS);
    assertEquals(new Vector(-100, -90, 30), plane.toPatient(new Point(0.5, 0.5)));
    assertEquals(new Vector(-95, -90, 10), plane.toPatient(new Point(10.5, 10.5)));
    assertAt(10.5, 10.5, plane.toPixels(new Vector(-95, -90, 10)));
    // A point in front of the slice is where it is seen.
    assertAt(10.5, 10.5, plane.toPixels(new Vector(-95, -500, 10)));
    assertEquals(0, plane.normal().minus(new Vector(0, 1, 0)).length(), ROUNDING);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SlicePlane(
                new Vector(0, 0, 0),
                new Vector(1, 0, 0),
                new Vector(2, 0, 0),
                SlicePlane.Space.LPS));
  }

  @Test
  void slantingStepsHaveAWayBackToo() {
    SlicePlane plane =
        new SlicePlane(
            new Vector(1, 2, 3),
            new Vector(1, 0.25, 0),
            new Vector(0.5, 1, 0.1),
            SlicePlane.Space.RAS);
    Point there = new Point(31.25, 17.75);
    Point back = plane.toPixels(plane.toPatient(there));
    assertAt(there.x(), there.y(), back);
    assertTrue(Math.abs(plane.normal().length() - 1) < ROUNDING);
  }
}
