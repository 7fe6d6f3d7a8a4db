package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.demo.DemoModel;

class DemoCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void reportsFindsAndDraws() throws IOException {
    Path picture = folder.resolve("box.png");
    Path report = folder.resolve("report");
    Execution run =
        Execution.of("demo", "--out", picture.toString(), "--report", report.toString()).expect(0);
    run.expectPlain();
    assertTrue(
        run.out().contains("Findings: There is a nodule in the left upper zone."), run.out());
    assertTrue(run.out().contains("\"bbox_2d\": [99, 50, 113, 68]"), run.out());
    assertTrue(run.out().contains("toy") && run.out().contains("ot for medical use"), run.out());
    assertTrue(run.out().contains(picture.toString()), run.out());
    assertTrue(run.out().contains("[supported 1.00, confidence "), run.out());
    Execution.of("trace", "verify", report.resolve("trace.json").toString()).expect(0);
    assertTrue(Files.size(report.resolve("trace.html")) > 0);

    BufferedImage drawn = ImageIO.read(picture.toFile());
    BufferedImage original;
    try (DemoModel demo = DemoModel.unpack()) {
      original = ImageIO.read(demo.example("nodule.png").toFile());
    }
    assertEquals(original.getWidth(), drawn.getWidth());
    assertEquals(original.getHeight(), drawn.getHeight());
    // The picture has twice the size that the model saw. The line is yellow, what it surrounds is
    // as it was.
    int line = drawn.getRGB(2 * 106, 2 * 50);
    assertTrue((line >> 16 & 0xff) > 200 && (line & 0xff) < 60, Integer.toHexString(line));
    // By samples, since getRGB of a gray picture applies a curve.
    for (int band = 0; band < 3; band++) {
      assertEquals(
          original.getRaster().getSample(2 * 106, 2 * 59, 0),
          drawn.getRaster().getSample(2 * 106, 2 * 59, band));
    }
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() {
    Path nowhere = folder.resolve("no/such/folder/box.png");
    Execution run = Execution.of("demo", "--out", nowhere.toString()).expect(1);
    String last = run.err().lines().reduce("", (_, line) -> line);
    assertTrue(last.startsWith("vesalius: picture ") && last.contains("box.png"), run.err());
  }

  @Test
  void reasoningStaysOutOfThePipe() throws IOException {
    try (DemoModel demo = DemoModel.unpack()) {
      String[] args = {
        "run",
        "--model",
        demo.directory().toString(),
        "--backend",
        "reference",
        "--image",
        demo.example("effusion.png").toString(),
        "--prompt",
        "Is there a pleural effusion? /think"
      };
      Execution piped = Execution.of(args).expect(0);
      piped.expectPlain();
      assertEquals("Yes, moderate, on the left.\n", piped.out());
      assertTrue(piped.err().startsWith("reasoning: "), piped.err());

      Execution watched = Execution.of("", true, args).expect(0);
      assertEquals(piped.out(), watched.out());
      assertTrue(watched.err().contains("\u001b[2m"), watched.err());
      assertTrue(Files.exists(demo.directory()), "the model's folder is the caller's");
    }
  }
}
