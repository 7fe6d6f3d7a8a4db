package org.vesalius.clinical.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.SlicePlane;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.GreyValues;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.answer.GroundingFormat;
import org.vesalius.runtime.vision.image.ImageTransform;
import org.vesalius.runtime.vision.image.RasterImage;

class ImageToolsTest {
  private static final long SEED = 11;

  /** A file of frames. */
  private record Frames(List<Frame> all) implements MedicalImage {
    @Override
    public String kind() {
      return "test volume";
    }

    @Override
    public int frames() {
      return all.size();
    }

    @Override
    public Frame frame(int index) {
      return all.get(index);
    }

    @Override
    public Map<String, Object> facts() {
      return Map.of();
    }

    @Override
    public List<String> notes() {
      return List.of();
    }

    @Override
    public MedicalImage masked(PixelMask mask) {
      List<PixelMask.Rectangle> black =
          mask.in(kind(), all.getFirst().width(), all.getFirst().height(), List.of());
      return new Frames(all.stream().map(frame -> frame.hiding(black)).toList());
    }
  }

  /** Values that rise by one from pixel to pixel. */
  private static GreyFrame frame(int width, int height, Placement place, GreyFrame.Quantity what) {
    double[] values = new double[width * height];
    Arrays.setAll(values, i -> i);
    return new GreyFrame(
        GreyValues.of(width, height, values), List.of(), false, what, Optional.empty(), place);
  }

  private static Placement placed(double spacing, double left, double depth) {
    return Placement.of(
        new PixelSpacing(spacing, spacing, PixelSpacing.Place.PATIENT),
        Optional.of(
            new SlicePlane(
                new Vector(left, 0, depth),
                new Vector(spacing, 0, 0),
                new Vector(0, spacing, 0),
                SlicePlane.Space.LPS)));
  }

  private static AgentImage image(Frame... frames) {
    return new AgentImage(
        frames[0].picture(WindowChoice.usual()),
        "scan",
        Optional.empty(),
        Optional.of(new AgentImage.MedicalFrame(new Frames(List.of(frames)), 0)),
        "",
        OptionalInt.empty());
  }

  private static AgentImage scan() {
    return image(frame(400, 200, placed(0.5, 0, 0), GreyFrame.Quantity.HOUNSFIELD));
  }

  private static ToolContext context(AgentImage... images) {
    return new ToolContext(List.of(images), new Cancellation());
  }

  private static ToolResult call(Tool tool, ToolContext context, Object... arguments)
      throws Exception {
    Map<String, @Nullable Object> map = new HashMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      map.put((String) arguments[i], arguments[i + 1]);
    }
    return tool.call(context, map);
  }

  private static RasterImage pixels(ToolResult result) {
    return result.images().getFirst().picture().image();
  }

  @Test
  void zoomCutsOutTheBoxAndEnlargesIt() throws Exception {
    ToolResult result =
        call(new ZoomTool(), context(scan()), "bbox_2d", List.of(250, 0, 500, 500), "label", "x");
    // 100 x 100 pixels, so that the shorter side has 224.
    assertEquals(224, pixels(result).width());
    assertEquals(224, pixels(result).height());
    AgentImage crop = result.images().getFirst();
    assertEquals(OptionalInt.of(0), crop.parent());
    assertTrue(crop.medical().isPresent());
    assertEquals(new Point(100, 0), crop.picture().toSource(new Point(0, 0)));
    assertEquals(new Point(200, 100), crop.picture().toSource(new Point(224, 224)));
    TracePlace place = result.places().getFirst();
    assertEquals(List.of(100.0, 0.0, 200.0, 100.0), place.pixels());
    assertEquals(List.of(0.25, 0.0, 0.5, 0.5), place.relative());
    assertEquals("x", place.label());
    assertEquals("[250, 0, 500, 500]", place.written());
  }

  @Test
  void aSmallBoxIsGrownInsideThePicture() throws Exception {
    // One pixel in the bottom right corner; 32 x 32 are cut out, and 7 times as large.
    ToolResult result =
        call(new ZoomTool(), context(scan()), "bbox_2d", List.of(998, 996, 1000, 1000));
    PlacedPicture crop = result.images().getFirst().picture();
    assertEquals(224, crop.image().width());
    assertEquals(new Point(368, 168), crop.toSource(new Point(0, 0)));
    assertEquals(new Point(400, 200), crop.toSource(new Point(224, 224)));
  }

  @Test
  void aNarrowBoxIsNotEnlargedBeyondItsLimit() throws Exception {
    AgentImage wide = AgentImage.of(RasterImage.ofRgb(4000, 33, new byte[3 * 4000 * 33]), "strip");
    ToolResult result = call(new ZoomTool(), context(wide), "bbox_2d", List.of(0, 0, 1000, 1000));
    assertEquals(4096, pixels(result).width());
    assertEquals(34, pixels(result).height());
  }

  @Test
  void boxesThatAreNoneAreRefused() {
    List<List<Integer>> wrong =
        List.of(
            List.of(0, 0, 1001, 500),
            List.of(-1, 0, 500, 500),
            List.of(500, 0, 500, 500),
            List.of(600, 0, 500, 500),
            List.of(0, 500, 500, 400),
            List.of(0, 0, 500));
    for (List<Integer> box : wrong) {
      for (Tool tool : List.of(new ZoomTool(), new MeasureTool())) {
        assertThrows(
            ToolException.class,
            () -> call(tool, context(scan()), "bbox_2d", box),
            tool.name() + box);
      }
    }
    assertThrows(ToolException.class, () -> call(new ZoomTool(), context(scan())));
    assertThrows(
        ToolException.class,
        () -> call(new ZoomTool(), context(scan()), "bbox_2d", List.of(0, 0, 9, 9), "img_idx", 1));
    assertThrows(
        ToolException.class, () -> call(new ZoomTool(), context(), "bbox_2d", List.of(0, 0, 9, 9)));
    assertThrows(
        ToolException.class,
        () ->
            call(
                new ZoomTool(),
                context(scan()),
                "bbox_2d",
                Arrays.asList(0, 0, Double.NaN, Double.POSITIVE_INFINITY)));
  }

  @Test
  void numbersMeanWhatTheModelSaw() throws Exception {
    // The model sees 400 x 200 halved and padded to 200 x 200, 50 rows above.
    PointScale.Sight sight =
        picture -> ImageTransform.of(picture).resized(200, 100).padded(0, 50, 200, 200);
    PointScale pixels = new PointScale(new GroundingFormat.Scale.ModelPixels(), sight);
    TracePlace place =
        call(new ZoomTool(pixels), context(scan()), "bbox_2d", List.of(20, 60, 120, 140))
            .places()
            .getFirst();
    assertEquals(List.of(40.0, 20.0, 240.0, 180.0), place.pixels());
    PointScale relative = new PointScale(GroundingFormat.QWEN3_VL.scale(), sight);
    place =
        call(new ZoomTool(relative), context(scan()), "bbox_2d", List.of(100, 300, 600, 700))
            .places()
            .getFirst();
    assertEquals(List.of(40.0, 20.0, 240.0, 180.0), place.pixels());
    // In the pad there is nothing.
    assertThrows(
        ToolException.class,
        () -> call(new ZoomTool(pixels), context(scan()), "bbox_2d", List.of(0, 0, 100, 40)));
  }

  @Test
  void rotateTurnsAndMirrors() throws Exception {
    ToolResult turned = call(new RotateTool(), context(scan()), "degrees", 90, "mirror", true);
    PlacedPicture picture = turned.images().getFirst().picture();
    assertEquals(200, picture.image().width());
    assertEquals(400, picture.image().height());
    // Clockwise the top left comes to the top right, mirrored back to the top left.
    Point top = picture.toSource(new Point(0, 0));
    assertEquals(0, Math.hypot(top.x(), top.y()));
    Point bottom = picture.toSource(new Point(0, 400));
    assertEquals(0, Math.hypot(bottom.x() - 400, bottom.y()));
    for (Object degrees : List.of(45, -90, 360, 0)) {
      assertThrows(
          ToolException.class,
          () -> call(new RotateTool(), context(scan()), "degrees", degrees),
          degrees.toString());
    }
  }

  @Test
  void windowShowsTheSourceAtFullDepth() throws Exception {
    GreyFrame first = frame(40, 20, placed(1, 0, 0), GreyFrame.Quantity.HOUNSFIELD);
    GreyFrame second = frame(30, 10, placed(1, 0, 5), GreyFrame.Quantity.HOUNSFIELD);
    AgentImage scan = image(first, second);
    AgentImage crop =
        call(new ZoomTool(), context(scan), "bbox_2d", List.of(0, 0, 500, 500)).images().getFirst();
    ToolContext context = context(scan, crop);
    ToolResult result = call(new WindowTool(), context, "img_idx", 1, "window", "400/3");
    AgentImage shown = result.images().getFirst();
    assertEquals(40, shown.picture().image().width());
    assertEquals("centre 400, width 3", shown.window());
    assertEquals(OptionalInt.of(1), shown.parent());
    assertTrue(shown.medical().isPresent());
    char[] grey = shown.picture().image().copyGray16();
    // LINEAR: black up to 398.5, white from 400.5.
    assertEquals(0, grey[398]);
    assertEquals(0xffff / 4.0, grey[399], 0.5);
    assertEquals(0xffff, grey[401]);
    AgentImage other = call(new WindowTool(), context, "frame", 2).images().getFirst();
    assertEquals(30, other.picture().image().width());
    assertEquals(1, other.medical().orElseThrow().index());
    assertFalse(other.window().isEmpty());
  }

  @Test
  void windowsThatAreNoneAreRefused() {
    AgentImage scan = image(frame(40, 20, Placement.UNKNOWN, GreyFrame.Quantity.OTHER));
    for (String window : List.of("40", "brain", "#1", "wide", "40/0", "1e999/2")) {
      ToolException e =
          assertThrows(
              ToolException.class,
              () -> call(new WindowTool(), context(scan), "window", window),
              window);
      assertTrue(String.valueOf(e.getMessage()).contains("window"), e.getMessage());
    }
    assertThrows(ToolException.class, () -> call(new WindowTool(), context(scan), "frame", 2));
    assertThrows(ToolException.class, () -> call(new WindowTool(), context(scan), "frame", 0));
    AgentImage photo = AgentImage.of(RasterImage.ofRgb(2, 2, new byte[12]), "photo");
    assertThrows(ToolException.class, () -> call(new WindowTool(), context(photo)));
  }

  @Test
  void distancesAreOfTheSource() throws Exception {
    AgentImage scan = scan();
    // 400 x 200 pixels of 0.5 mm; a quarter of each: 50 and 25 mm.
    List<List<Integer>> points = List.of(List.of(0, 0), List.of(250, 250));
    ToolResult result = call(new MeasureTool(), context(scan), "points", points);
    // The square root of 50² + 25² is 55.9017.
    assertTrue(result.text().contains(": 55.9 mm. Millimetres are in the patient;"), result.text());
    assertEquals(List.of(50.0, 25.0), result.places().get(1).millimetres());
    // The same two points in a crop that is turned and larger.
    AgentImage crop =
        call(new ZoomTool(), context(scan), "bbox_2d", List.of(0, 0, 250, 250)).images().getFirst();
    AgentImage turned =
        call(new RotateTool(), context(scan, crop), "img_idx", 1, "degrees", 90)
            .images()
            .getFirst();
    result =
        call(
            new MeasureTool(),
            context(scan, crop, turned),
            "img_idx",
            2,
            "points",
            List.of(List.of(1000, 0), List.of(0, 1000)));
    assertTrue(result.text().contains(": 55.9 mm."), result.text());
    assertEquals(List.of(100.0, 50.0), result.places().get(1).pixels());
  }

  @Test
  void aBoxHasSidesAndValues() throws Exception {
    AgentImage scan = image(frame(10, 10, placed(2, 0, 0), GreyFrame.Quantity.HOUNSFIELD));
    // Columns 2 to 4, rows 1 to 3: 12, 13, 22, 23.
    ToolResult result =
        call(new MeasureTool(), context(scan), "bbox_2d", List.of(200, 100, 400, 300));
    assertTrue(
        result.text().contains("width 4 mm, height 4 mm, diagonal 5.66 mm, area 16 mm²."),
        result.text());
    assertTrue(
        result.text().contains("mean 17.5 HU, least 12 HU, most 23 HU, of 4 pixels"),
        result.text());
    // Centres count: from 0.6 on column 0 is out, and up to 2.4 column 2.
    result = call(new MeasureTool(), context(scan), "bbox_2d", List.of(60, 60, 240, 240));
    assertTrue(
        result.text().contains("mean 11 HU, least 11 HU, most 11 HU, of 1 pix"), result.text());
    result = call(new MeasureTool(), context(scan), "bbox_2d", List.of(60, 60, 140, 140));
    assertTrue(result.text().contains("No pixel of the source"), result.text());
  }

  @Test
  void withoutSpacingThereAreNoMillimetres() throws Exception {
    AgentImage photo = AgentImage.of(RasterImage.ofRgb(100, 50, new byte[15_000]), "photo");
    ToolResult result = call(new MeasureTool(), context(photo), "bbox_2d", List.of(0, 0, 300, 800));
    assertTrue(result.text().contains("width 30 pixels, height 40 pixels"), result.text());
    assertTrue(result.text().contains("not a size"), result.text());
    assertFalse(result.text().contains("mm"), result.text());
    assertFalse(result.text().contains("mean"), result.text());
  }

  @Test
  void theDetectorIsNotThePatient() throws Exception {
    AgentImage film =
        image(
            frame(
                10,
                10,
                Placement.of(
                    new PixelSpacing(0.2, 0.2, PixelSpacing.Place.DETECTOR), Optional.empty()),
                GreyFrame.Quantity.OTHER));
    ToolResult result =
        call(new MeasureTool(), context(film), "points", List.of(List.of(0, 0), List.of(1000, 0)));
    assertTrue(
        result.text().contains("2 mm. Millimetres are at the detector, larger than in the patient"),
        result.text());
    assertThrows(ToolException.class, () -> call(new MeasureTool(), context(film)));
  }

  @Test
  void compareShowsTheSamePlaceAtTheSameScale() throws Exception {
    AgentImage now = image(frame(100, 100, placed(1, 0, 0), GreyFrame.Quantity.HOUNSFIELD));
    // Twice as fine, 20 mm to the left, 3 mm deeper.
    AgentImage before = image(frame(200, 200, placed(0.5, 20, 3), GreyFrame.Quantity.HOUNSFIELD));
    ToolResult result =
        call(
            new CompareTool(),
            context(now, before),
            "img_idx",
            0,
            "prior_idx",
            1,
            "bbox_2d",
            List.of(400, 400, 800, 800));
    // 40 to 80 mm; pixel centres of the first are at whole millimetres.
    TracePlace there = result.places().get(1);
    assertEquals(1, there.image());
    assertEquals(List.of(39.5, 79.5, 119.5, 159.5), there.pixels());
    assertEquals(
        result.places().get(0).patient().orElseThrow().points().get(0),
        there.patient().orElseThrow().points().get(0));
    assertTrue(result.text().contains("the slices are 3 mm apart"), result.text());
    assertTrue(result.text().contains("the same scale"), result.text());
    PlacedPicture pair = result.images().getFirst().picture();
    assertEquals(OptionalInt.of(0), result.images().getFirst().parent());
    assertEquals(pair.image().width(), pair.transform().sourceWidth());
    // 40 mm of the first are 40 columns; of the second the 81 that the box touches are 40.5 mm.
    double scale = 1 / pair.spacing().orElseThrow().horizontal();
    assertEquals(512 / 40.5, scale, 1e-9);
    assertEquals(Math.rint(40 * scale) + 8 + 512, pair.image().width());
  }

  @Test
  void compareSaysWhatIsTurnedOrMirrored() throws Exception {
    AgentImage scan = scan();
    for (String how : List.of("turned", "mirrored")) {
      Object[] call =
          how.equals("turned") ? new Object[] {"degrees", 180} : new Object[] {"mirror", true};
      AgentImage other = call(new RotateTool(), context(scan), call).images().getFirst();
      ToolResult result =
          call(new CompareTool(), context(scan, other), "img_idx", 0, "prior_idx", 1);
      assertTrue(
          result.text().contains("; the right one is " + how + " against the left one"),
          result.text());
    }
  }

  @Test
  void withoutASpaceThePictureIsAllThatIsTheSame() throws Exception {
    AgentImage now = scan();
    AgentImage photo = AgentImage.of(RasterImage.ofRgb(100, 50, new byte[15_000]), "photo");
    ToolResult result =
        call(
            new CompareTool(),
            context(now, photo),
            "img_idx",
            0,
            "prior_idx",
            1,
            "bbox_2d",
            List.of(0, 0, 500, 1000));
    assertEquals(List.of(0.0, 0.0, 50.0, 50.0), result.places().get(1).pixels());
    assertTrue(result.text().contains("same part of the picture"), result.text());
    assertTrue(result.text().contains("cannot be compared"), result.text());
    assertThrows(
        ToolException.class,
        () -> call(new CompareTool(), context(now, photo), "img_idx", 1, "prior_idx", 1));
  }

  /** What a chain of tools did with a point is what the last picture says of it. */
  @Test
  void chainsOfToolsKeepTheWayBack() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Tool> tools = List.of(new ZoomTool(), new RotateTool(), new WindowTool());
    for (int chain = 0; chain < 60; chain++) {
      Placement place = placed(random.nextDouble(0.1, 3), random.nextDouble(-50, 50), 0);
      AgentImage start =
          image(
              frame(
                  random.nextInt(40, 90),
                  random.nextInt(40, 90),
                  place,
                  GreyFrame.Quantity.HOUNSFIELD));
      List<AgentImage> images = new ArrayList<>(List.of(start));
      for (int step = 0; step < random.nextInt(1, 6); step++) {
        int index = images.size() - 1;
        Tool tool = tools.get(random.nextInt(10) == 0 ? 2 : random.nextInt(2));
        double x = random.nextDouble(0, 600);
        double y = random.nextDouble(0, 600);
        List<Double> box =
            List.of(x, y, x + random.nextDouble(100, 400), y + random.nextDouble(100, 400));
        ToolResult result =
            call(
                tool,
                context(images.toArray(AgentImage[]::new)),
                "img_idx",
                index,
                tool instanceof ZoomTool ? "bbox_2d" : "unused",
                box,
                tool instanceof RotateTool ? "degrees" : "unused",
                90 * random.nextInt(1, 4),
                "mirror",
                random.nextBoolean());
        String where = "seed " + SEED + ", chain " + chain + ", step " + step;
        if (tool instanceof ZoomTool) {
          crossCheck(images.getLast(), result, box, where);
        }
        images.add(result.images().getFirst());
        assertEquals(OptionalInt.of(index), images.getLast().parent(), where);
      }
      PlacedPicture last = images.getLast().picture();
      SlicePlane plane = place.plane().orElseThrow();
      for (int p = 0; p < 10; p++) {
        Point source = new Point(random.nextDouble(40), random.nextDouble(40));
        Point back = last.toSource(last.transform().toModel(source));
        String where = "seed " + SEED + ", chain " + chain;
        assertEquals(source.x(), back.x(), 1e-6, where);
        assertEquals(source.y(), back.y(), 1e-6, where);
        Vector patient = last.toPatient(last.transform().toModel(source)).orElseThrow();
        assertEquals(0, patient.minus(plane.toPatient(source)).length(), 1e-6, where);
      }
    }
  }

  /** The place of a zoom is inside of what is shown, and both systems name the same points. */
  private static void crossCheck(
      AgentImage from, ToolResult result, List<Double> box, String where) {
    TracePlace place = result.places().getFirst();
    PlacedPicture shown = result.images().getFirst().picture();
    for (int corner = 0; corner < 2; corner++) {
      Point source = new Point(place.pixels().get(2 * corner), place.pixels().get(2 * corner + 1));
      Point seen = shown.transform().toModel(source);
      assertTrue(
          seen.x() >= -1e-6
              && seen.y() >= -1e-6
              && seen.x() <= shown.image().width() + 1e-6
              && seen.y() <= shown.image().height() + 1e-6,
          where + ": " + seen);
    }
    Point one =
        from.picture()
            .toSource(
                new Point(
                    box.get(0) / 1000 * from.picture().image().width(),
                    box.get(1) / 1000 * from.picture().image().height()));
    Point other =
        from.picture()
            .toSource(
                new Point(
                    box.get(2) / 1000 * from.picture().image().width(),
                    box.get(3) / 1000 * from.picture().image().height()));
    assertEquals(Math.min(one.x(), other.x()), place.pixels().get(0), 1e-6, where);
    assertEquals(Math.min(one.y(), other.y()), place.pixels().get(1), 1e-6, where);
    assertEquals(Math.max(one.x(), other.x()), place.pixels().get(2), 1e-6, where);
    assertEquals(Math.max(one.y(), other.y()), place.pixels().get(3), 1e-6, where);
  }
}
