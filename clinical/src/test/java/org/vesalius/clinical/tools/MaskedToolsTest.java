package org.vesalius.clinical.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
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

  /** A call of a tool. */
  private record Call(Tool tool, Map<String, @Nullable Object> arguments) {
    static Call of(Tool tool, Object... arguments) {
      Map<String, @Nullable Object> map = new HashMap<>();
      for (int i = 0; i < arguments.length; i += 2) {
        map.put((String) arguments[i], arguments[i + 1]);
      }
      return new Call(tool, map);
    }

    ToolResult in(ToolContext context) throws Exception {
      return tool.call(context, arguments);
    }
  }

  private static final List<Call> CALLS =
      List.of(
          Call.of(new ZoomTool(), "bbox_2d", List.of(100, 50, 650, 200)),
          Call.of(new RotateTool(), "degrees", 90, "mirror", true),
          Call.of(new WindowTool(), "window", "full"),
          Call.of(new WindowTool(), "frame", 2),
          Call.of(new WindowTool(), "window", "2000/4000", "frame", 2),
          Call.of(new MeasureTool(), "bbox_2d", List.of(100, 50, 650, 200)),
          Call.of(new CompareTool(), "img_idx", 0, "prior_idx", 1));

  /** What all tools show and say. */
  private static List<String> seen(MedicalImage file) throws Exception {
    ToolContext context =
        new ToolContext(List.of(image(file, 0), image(file, 1)), new Cancellation());
    List<String> seen = new ArrayList<>();
    for (Call call : CALLS) {
      ToolResult result = call.in(context);
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
      for (Call call : CALLS) {
        for (AgentImage made : call.in(context).images()) {
          assertEquals(expected, made.burnedIn(), call.tool().name());
          boolean ownSource = call.tool() instanceof CompareTool;
          assertTrue(ownSource || made.hidden().equals(masked ? List.of(NAME) : List.of()));
        }
      }
    }
  }
}
