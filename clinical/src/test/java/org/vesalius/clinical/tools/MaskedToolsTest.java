package org.vesalius.clinical.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.imaging.BurnedInText;
import org.vesalius.clinical.imaging.DicomBytes;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.clinical.trace.PixelHash;
import org.vesalius.runtime.Cancellation;

/** No tool can look behind a mask: two files that differ only there are the same to all of them. */
class MaskedToolsTest {
  private static final int SIDE = 64;
  private static final PixelMask.Rectangle NAME = new PixelMask.Rectangle(8, 4, 40, 12);
  private static final PixelMask MASK = PixelMask.of(NAME);

  /** Two frames with bright stripes for a name, upright or lying. */
  private static DicomImage file(boolean upright) {
    int[] pixels = new int[2 * SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      int x = i % SIDE;
      int y = i / SIDE % SIDE;
      boolean bright = NAME.holds(x, y) && (upright ? x : y) % 3 == 0;
      pixels[i] = bright ? 4000 : x + y + (i < SIDE * SIDE ? 0 : 7);
    }
    DicomBytes bytes =
        DicomBytes.grey(SIDE, SIDE, false, pixels)
            .text(0x0008_0060, "CS", "US")
            .text(0x0028_0008, "IS", "2")
            .text(0x0028_0030, "DS", "1\\2");
    return DicomImage.of(DicomFile.read(bytes.file(), "scan.dcm"));
  }

  private static AgentImage image(MedicalImage file, int frame) {
    return new AgentImage(
        file.frame(frame).picture(WindowChoice.usual()),
        "scan.dcm",
        Optional.empty(),
        Optional.of(new AgentImage.MedicalFrame(file, frame)),
        "",
        OptionalInt.empty());
  }

  private static final List<Map.Entry<Tool, Map<String, @Nullable Object>>> CALLS =
      List.of(
          Map.entry(new ZoomTool(), Map.of("bbox_2d", List.of(100, 50, 650, 200))),
          Map.entry(new RotateTool(), Map.of("degrees", 90, "mirror", true)),
          Map.entry(new WindowTool(), Map.of("window", "full")),
          Map.entry(new WindowTool(), Map.of("frame", 2)),
          Map.entry(new WindowTool(), Map.of("window", "2000/4000", "frame", 2)),
          Map.entry(new MeasureTool(), Map.of("bbox_2d", List.of(100, 50, 650, 200))),
          Map.entry(new CompareTool(), Map.of("img_idx", 0, "prior_idx", 1)));

  /** What all tools show and say. */
  private static List<String> seen(MedicalImage file) throws Exception {
    ToolContext context =
        new ToolContext(List.of(image(file, 0), image(file, 1)), new Cancellation());
    List<String> seen = new ArrayList<>();
    for (var call : CALLS) {
      ToolResult result = call.getKey().call(context, call.getValue());
      seen.add(result.text());
      result.images().forEach(image -> seen.add(PixelHash.of(image.picture().image())));
    }
    return seen;
  }

  @Test
  void whatIsBehindAMaskIsTheSameToAllTools() throws Exception {
    assertEquals(seen(file(true).masked(MASK)), seen(file(false).masked(MASK)));
    List<String> open = seen(file(true));
    List<String> other = seen(file(false));
    for (int i = 0; i < open.size(); i++) {
      if (!open.get(i).contains(" ")) {
        assertNotEquals(open.get(i), other.get(i), "the test's own files differ, " + i);
      }
    }
  }

  @Test
  void whatIsMadeOfAPictureKeepsItsMaskAndItsText() throws Exception {
    for (boolean masked : new boolean[] {false, true}) {
      MedicalImage file = file(true).masked(masked ? MASK : PixelMask.NONE);
      ToolContext context =
          new ToolContext(List.of(image(file, 0), image(file, 1)), new Cancellation());
      Optional<BurnedInText> expected =
          masked ? Optional.empty() : Optional.of(new BurnedInText(false, false));
      for (var call : CALLS) {
        for (AgentImage made : call.getKey().call(context, call.getValue()).images()) {
          assertEquals(expected, made.burnedIn(), call.getKey().name());
          boolean ownSource = call.getKey() instanceof CompareTool;
          assertTrue(ownSource || made.hidden().equals(masked ? List.of(NAME) : List.of()));
        }
      }
    }
  }
}
