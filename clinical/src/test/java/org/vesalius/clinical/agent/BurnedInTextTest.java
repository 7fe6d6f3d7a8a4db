package org.vesalius.clinical.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.imaging.DicomBytes;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.clinical.trace.DecisionTrace;
import org.vesalius.clinical.trace.PngBytes;
import org.vesalius.clinical.trace.TraceComparison;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceFile;
import org.vesalius.clinical.trace.TraceFormatException;
import org.vesalius.clinical.trace.TraceHtml;
import org.vesalius.clinical.trace.TraceVerifier;
import org.vesalius.clinical.trace.TracedModel;
import org.vesalius.clinical.trace.Verification;
import org.vesalius.runtime.vision.image.RasterImage;

/** Pictures with burned-in text in traces of agents. */
class BurnedInTextTest {
  private static final int SIDE = 40;
  private static final PixelMask NAME = PixelMask.parse(List.of("0,0,40,8"));

  @TempDir private Path folder = Path.of("");

  private Path scan(String burnedIn) throws IOException {
    int[] pixels = new int[SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i < 8 * SIDE && i % 3 == 0 ? 4000 : i;
    }
    DicomBytes bytes =
        DicomBytes.grey(SIDE, SIDE, false, pixels)
            .text(0x0008_0060, "CS", "MR")
            .text(0x0028_0301, "CS", burnedIn);
    return Files.write(folder.resolve("scan.dcm"), bytes.file());
  }

  private List<AgentImage> read(String burnedIn, PixelMask mask) throws IOException {
    return AgentImages.read(scan(burnedIn), mask, WindowChoice.usual(), AgentImages::middle);
  }

  /** Tools that somebody else wrote. */
  private record Foreign(String name, boolean saysOfWhat) implements Tool {
    @Override
    public Map<String, Object> parameters() {
      return Map.of("type", "object");
    }

    @Override
    public String description() {
      return "shows it again";
    }

    @Override
    public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
      RasterImage pixels = context.image(0).picture().image();
      AgentImage plain = AgentImage.of(pixels, name);
      return ToolResult.of(
          "again",
          saysOfWhat
              ? new AgentImage(
                  plain.picture(), name, Optional.empty(), Optional.empty(), "", OptionalInt.of(0))
              : plain);
    }
  }

  private static String call(String tool) {
    return "<tool_call>\n{\"name\": \"%s\", \"arguments\": {}}\n</tool_call>".formatted(tool);
  }

  private static DecisionTrace run(List<AgentImage> images, boolean show)
      throws InterruptedException {
    TraceRecorder recorder = new TraceRecorder(true, show);
    ScriptedModel model = ScriptedModel.saying(call("again"), call("anew"), "Done.");
    AgentResult result =
        new Agent(
                model,
                List.of(new Foreign("again", true), new Foreign("anew", false)),
                AgentLimits.defaults())
            .run(AgentTask.of("What is it?", images), recorder);
    TraceEntry.Run run =
        new TraceEntry.Run(
            "id",
            Instant.EPOCH,
            Map.of(),
            new TracedModel("", "", "", "", "", "", "", ""),
            List.of(),
            Map.of(),
            Map.of(),
            "",
            "",
            "");
    return recorder.finish(run, result.outcome(1));
  }

  private String page(DecisionTrace trace) throws IOException {
    Path file = folder.resolve("trace.json");
    TraceFile.write(trace, file);
    Verification checked = new TraceVerifier().verify(file);
    assertTrue(checked.isValid(), checked.problems().toString());
    assertEquals(trace, TraceFile.read(file));
    StringBuilder page = new StringBuilder();
    TraceHtml.render(trace, checked, page);
    return page.toString();
  }

  private static List<Boolean> kept(DecisionTrace trace) {
    return trace.images().stream().map(image -> image.png().isPresent()).toList();
  }

  @Test
  void picturesWithItAreLeftOutAndThoseThatToolsMakeOfThem() throws Exception {
    DecisionTrace trace = run(read("YES", PixelMask.NONE), false);
    assertEquals(List.of(false, false, false), kept(trace));
    String page = page(trace);
    assertFalse(page.contains("data:image"));
    assertTrue(
        page.contains(
            "The picture is left out: the file says that text is burned into its pictures, which"
                + " may name the patient; --mask X1,Y1,X2,Y2 blacks out a rectangle, and"
                + " --show-burned-in shows it as it is."),
        page);
  }

  @Test
  void theyAreThereWhereTheyMayBe() throws Exception {
    List<DecisionTrace> traces = new ArrayList<>();
    traces.add(run(read("YES", PixelMask.NONE), true));
    traces.add(run(read("NO", PixelMask.NONE), false));
    traces.add(run(read("YES", NAME), false));
    for (DecisionTrace trace : traces) {
      assertEquals(List.of(true, true, true), kept(trace));
      assertTrue(page(trace).contains("data:image"));
      assertTrue(trace.images().stream().allMatch(image -> image.withheld().isEmpty()));
    }
    // A file without a reason has no member that traces did not have before.
    page(traces.get(1));
    String json = Files.readString(folder.resolve("trace.json"));
    assertFalse(json.contains("\"mask\"") || json.contains("\"withheld\""), json);
  }

  @Test
  void theMaskIsTakenDownAndComparedByAReplay() throws Exception {
    DecisionTrace masked = run(read("YES", NAME), false);
    TraceEntry.Image first = masked.images().getFirst();
    assertEquals(Optional.of(List.of(new PixelMask.Rectangle(0, 0, SIDE, 8))), first.mask());
    assertTrue(page(masked).contains("black by a mask: 0,0,40,8 in pixels of the source"));
    assertEquals(
        Optional.empty(),
        TraceComparison.of(masked, run(read("YES", NAME), false)).firstDifference());
    DecisionTrace other = run(read("YES", PixelMask.parse(List.of("0,0,40,9"))), false);
    TraceComparison.Difference difference =
        TraceComparison.of(masked, other).firstDifference().orElseThrow();
    assertEquals("image 0, mask", difference.place());
  }

  @Test
  void aTraceWithAMaskBeyondItsSourceIsNotValid() throws Exception {
    DecisionTrace trace = run(read("YES", NAME), false);
    List<TraceEntry> entries = new ArrayList<>(trace.entries());
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i) instanceof TraceEntry.Image image && image.index() == 0) {
        entries.set(
            i,
            new TraceEntry.Image(
                0,
                image.origin(),
                image.frame(),
                image.window(),
                image.parent(),
                image.sourceWidth(),
                image.sourceHeight(),
                image.width(),
                image.height(),
                image.modelWidth(),
                image.modelHeight(),
                image.fileSha256(),
                image.pixelsSha256(),
                image.preparedSha256(),
                image.png(),
                Optional.of(List.of(new PixelMask.Rectangle(0, 0, SIDE + 1, 8))),
                Optional.of("a reason")));
      }
    }
    Path file = folder.resolve("wrong.json");
    TraceFile.write(new DecisionTrace(entries), file);
    List<String> problems =
        new TraceVerifier().verify(file).problems().stream().map(Object::toString).toList();
    assertEquals(2, problems.size(), problems.toString());
    assertTrue(problems.getFirst().contains("mask: expected a rectangle inside"));
    assertTrue(problems.getLast().contains("withheld"));
  }

  @Test
  void aMaskWithoutAPixelIsNoTrace() throws Exception {
    page(run(read("YES", NAME), false));
    String json = Files.readString(folder.resolve("trace.json"));
    Path file = folder.resolve("edited.json");
    Files.writeString(file, json.replace("\"x2\":40", "\"x2\":0"));
    String message =
        String.valueOf(
            assertThrows(TraceFormatException.class, () -> TraceFile.read(file)).getMessage());
    assertTrue(message.contains("found no pixel in it"), message);
    assertFalse(new TraceVerifier().verify(file).isValid());
  }

  @Test
  void ordinaryPicturesAreMaskedToo() throws IOException {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    Arrays.fill(rgb, (byte) 200);
    Path png = folder.resolve("a.png");
    Files.write(png, PngBytes.of(RasterImage.ofRgb(SIDE, SIDE, rgb)).copy());
    AgentImage image =
        AgentImages.read(png, NAME, WindowChoice.usual(), AgentImages::middle).getFirst();
    byte[] shown = image.picture().image().copyRgb();
    for (int i = 0; i < shown.length; i++) {
      assertEquals(i < 3 * 8 * SIDE ? 0 : (byte) 200, shown[i], "sample " + i);
    }
    assertEquals(NAME.rectangles(), image.hidden());
    for (String mask : List.of("0,0,41,8", "regions")) {
      String message = refusal(png, PixelMask.parse(List.of(mask)));
      assertTrue(message.startsWith(png + ": mask " + mask), message);
    }
  }

  private static String refusal(Path file, PixelMask mask) {
    return String.valueOf(
        assertThrows(
                MedicalImageException.class,
                () -> AgentImages.read(file, mask, WindowChoice.usual(), AgentImages::middle))
            .getMessage());
  }
}
