package org.vesalius.clinical.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.RasterImage;

class PlacesTest {
  private static final Region.Mention WRITTEN =
      new Region.Mention("<bbox>…</bbox>", 0, 14, List.of());

  private static AgentImage image(Placement placement) {
    return new AgentImage(
        PlacedPicture.of(
            RasterImage.ofGray16(8, 4, new char[32]), PixelTransform.of(8, 4), placement),
        "scan",
        Optional.empty(),
        Optional.empty(),
        "",
        OptionalInt.empty());
  }

  private static Placement placed() {
    return Placement.of(
        new PixelSpacing(0.5, 2, PixelSpacing.Place.PATIENT),
        Optional.of(
            new SlicePlane(
                new Vector(10, 20, 30),
                new Vector(0.5, 0, 0),
                new Vector(0, 2, 0),
                SlicePlane.Space.LPS)));
  }

  @Test
  void aBoxOfATurnedCropIsThatOfTheSource() {
    AgentImage whole = image(placed());
    // Columns 2 to 6, rows 1 to 3, turned once clockwise and twice as large: 4 wide, 8 high.
    PlacedPicture turned =
        whole.picture().cropped(2, 1, 4, 2).turned(1).resized(4, 8, Filter.BILINEAR);
    AgentImage image = whole.madeInto(turned, "turned", 0);
    TracePlace place =
        Places.of(image, 3, new Region.Box("spot", OptionalInt.of(3), 0, 2, 2, 6, WRITTEN));
    assertEquals(3, place.image());
    assertEquals(TracePlace.Kind.BOX, place.kind());
    // Its left half is the lower row; from a quarter to three quarters down are columns 3 to 5.
    assertEquals(List.of(3.0, 2.0, 5.0, 3.0), place.pixels());
    assertEquals(List.of(0.0, 0.25, 0.5, 0.75), place.relative());
    assertEquals(List.of(1.5, 4.0, 2.5, 6.0), place.millimetres());
    assertEquals(
        new TracePlace.PatientPlace("LPS", List.of(11.25, 23.0, 30.0, 12.25, 25.0, 30.0)),
        place.patient().orElseThrow());
    assertEquals("<bbox>…</bbox>", place.written());
  }

  @Test
  void whatIsNotKnownIsLeftOut() {
    TracePlace point = Places.point(image(Placement.UNKNOWN), 0, "tip", 2, 1);
    assertEquals(List.of(2.0, 1.0), point.pixels());
    assertEquals(List.of(0.25, 0.25), point.relative());
    assertEquals(List.of(), point.millimetres());
    assertTrue(point.patient().isEmpty());
    assertEquals("", point.written());
  }

  @Test
  void whatLiesInAPadIsCutOff() {
    AgentImage whole = image(Placement.UNKNOWN);
    AgentImage padded = whole.madeInto(whole.picture().padded(2, 2, 12, 8), "padded", 0);
    assertEquals(List.of(0.0, 0.0, 8.0, 4.0), Places.whole(padded, 1, "").pixels());
  }

  @Test
  void aPolygonKeepsItsCorners() {
    Region polygon =
        new Region.Polygon(
            "outline",
            OptionalInt.of(0),
            List.of(new Region.Corner(0, 0), new Region.Corner(4, 0), new Region.Corner(8, 4)),
            WRITTEN);
    TracePlace place = Places.of(image(placed()), 0, polygon);
    assertEquals(List.of(0.0, 0.0, 4.0, 0.0, 8.0, 4.0), place.pixels());
    assertEquals(List.of(0.0, 0.0, 0.5, 0.0, 1.0, 1.0), place.relative());
  }

  /** What draws a place of a trace draws what the model named. */
  @Test
  void aPlaceOfATraceIsARegionAgain() {
    AgentImage image = image(placed());
    for (Region region :
        List.of(
            new Region.Box("spot", OptionalInt.of(2), 1, 0.5, 7, 3, WRITTEN),
            new Region.Point("tip", OptionalInt.of(2), 4, 1, WRITTEN),
            new Region.Polygon(
                "edge",
                OptionalInt.of(2),
                List.of(new Region.Corner(1, 1), new Region.Corner(5, 1), new Region.Corner(5, 4)),
                WRITTEN))) {
      Region again = Places.region(image.picture(), Places.of(image, 2, region));
      Region.Mention raw = new Region.Mention(WRITTEN.raw(), 0, 0, List.of());
      assertEquals(
          switch (region) {
            case Region.Box b ->
                new Region.Box(b.label(), b.image(), b.x0(), b.y0(), b.x1(), b.y1(), raw);
            case Region.Point p -> new Region.Point(p.label(), p.image(), p.x(), p.y(), raw);
            case Region.Polygon p -> new Region.Polygon(p.label(), p.image(), p.corners(), raw);
          },
          again);
      assertEquals(OptionalInt.of(5), Places.inImage(again, 5).image());
    }
  }
}
