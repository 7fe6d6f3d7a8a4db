package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.answer.InvalidRegion;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.answer.ToolCall;

/** Places and tool calls as {@code run} shows them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // unpacked before all tests
class AnswerOutputTest {
  private static final String BOX = "[{\"bbox_2d\": [99, 50, 113, 68], \"label\": \"nodule\"}]";

  @TempDir private Path folder = Path.of("");
  private DemoModel demo;

  @BeforeAll
  void unpack() {
    demo = DemoModel.unpack();
  }

  @AfterAll
  void remove() {
    demo.close();
  }

  private Execution ask(int pictures, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("run", "--model", demo.directory().toString(), "--backend", "reference"));
    for (int i = 0; i < pictures; i++) {
      args.addAll(List.of("--image", demo.example("nodule.png").toString()));
    }
    args.addAll(List.of("--prompt", "Where is the nodule?"));
    args.addAll(List.of(more));
    return Execution.of(args.toArray(String[]::new));
  }

  @Test
  void jsonListsPlacesInSourcePixels() {
    JsonNode json = ask(1, "--format", "json").expect(0).json();
    assertEquals(BOX, json.get("text").asText());
    assertEquals(1, json.get("regions").size());
    JsonNode region = json.get("regions").get(0);
    assertEquals("nodule", region.get("label").asText());
    assertEquals("box", region.get("type").asText());
    assertEquals(0, region.get("image").asInt(-1));
    // The picture has twice the size that the model saw.
    assertEquals("[198.0,100.0,226.0,136.0]", region.get("box").toString());
    assertEquals("[99.0,50.0,113.0,68.0]", region.get("written").toString());
    assertEquals(
        region.get("raw").asText(),
        BOX.substring(region.get("start").asInt(), region.get("end").asInt()));
    assertEquals("[]", json.get("invalid_regions").toString());
    assertEquals("[]", json.get("tool_calls").toString());
    assertEquals("0", json.get("request_id").asText());
    assertFalse(json.get("reasoning_unclosed").asBoolean(true));
  }

  @Test
  void textHasALineForEachPlaceBesideTheAnswer() {
    Execution run = ask(1).expect(0);
    assertEquals(BOX + "\n", run.out());
    assertEquals("box 198,100,226,136: nodule", run.err().lines().findFirst().orElse(""));
    run.expectPlain();
  }

  @Test
  void theOverlayIsThePictureWithTheBox() throws IOException {
    Path file = folder.resolve("box.png");
    ask(1, "--overlay", file.toString()).expect(0);
    BufferedImage drawn = ImageIO.read(file.toFile());
    BufferedImage original = ImageIO.read(demo.example("nodule.png").toFile());
    assertEquals(original.getWidth(), drawn.getWidth());
    assertEquals(original.getHeight(), drawn.getHeight());
    int line = drawn.getRGB(212, 100);
    assertTrue((line >> 16 & 0xff) > 200 && (line & 0xff) < 60, Integer.toHexString(line));
    assertEquals(
        original.getRaster().getSample(212, 118, 0), drawn.getRaster().getSample(212, 118, 0));
  }

  @Test
  void severalPicturesAreNumbered() {
    Path file = folder.resolve("boxes.png");
    ask(2, "--max-tokens", "4", "--overlay", file.toString(), "--format", "json").expect(0).json();
    assertTrue(Files.exists(folder.resolve("boxes-1.png")));
    assertTrue(Files.exists(folder.resolve("boxes-2.png")));
    assertFalse(Files.exists(file));
  }

  @Test
  void anOverlayNeedsAPicture() {
    String line = ask(0, "--overlay", folder.resolve("a.png").toString()).errorLine(2);
    assertTrue(line.contains("--overlay: expected a picture"), line);
    assertFalse(Files.exists(folder.resolve("a.png")));
  }

  @Test
  void notesAreOneLineEach() {
    Region.Mention mention = new Region.Mention("raw", 1, 4, List.of(1.0));
    Generation generation =
        new Generation(
            "0",
            "",
            "thinking",
            true,
            List.of(
                new ToolCall(Optional.of("7"), "zoom", Map.of("x", 1), "raw", Optional.empty()),
                new ToolCall(
                    Optional.empty(), "", Map.of(), "<a\n\u001bb>", Optional.of("not JSON"))),
            List.of(
                new Region.Box("a\nb", OptionalInt.of(1), 1, 2, 3.5, 4, mention),
                new Region.Point("", OptionalInt.empty(), 5, 6, mention),
                new Region.Polygon(
                    "p",
                    OptionalInt.of(0),
                    List.of(
                        new Region.Corner(0, 0), new Region.Corner(1, 0), new Region.Corner(1, 1)),
                    mention)),
            List.of(new InvalidRegion("<bbox>", 2, 8, "not closed")),
            List.of(),
            List.of(),
            FinishReason.LENGTH,
            new Generation.Usage(1, 0, 1, 0, DraftAcceptance.NONE),
            new Generation.Timings(1, 1, 1, 1, 1, 1),
            "reference",
            0);
    assertEquals(
        List.of(
            "no answer: the reasoning has not ended",
            "tool call: zoom {\"x\":1}",
            "malformed tool call: not JSON: <a b>",
            "box 1,2,3.5,4 in picture 1: a b",
            "point 5,6 as written; the answer does not say in which picture",
            "polygon 0,0 1,0 1,1 in picture 0: p",
            "invalid region: not closed: <bbox>"),
        AnswerNotes.of(generation, 2));
    var json = JsonOutput.object();
    AnswerJson.add(json, generation);
    assertEquals("7", json.get("tool_calls").get(0).get("id").asText());
    assertEquals("{\"x\":1}", json.get("tool_calls").get(0).get("arguments").toString());
    assertTrue(json.get("tool_calls").get(0).get("problem").isNull());
    assertEquals("not JSON", json.get("tool_calls").get(1).get("problem").asText());
    assertEquals("[1.0,2.0,3.5,4.0]", json.get("regions").get(0).get("box").toString());
    assertTrue(json.get("regions").get(1).get("point").isNull());
    assertTrue(json.get("regions").get(1).get("image").isNull());
    assertEquals("[0.0,0.0,1.0,0.0,1.0,1.0]", json.get("regions").get(2).get("polygon").toString());
    assertEquals("not closed", json.get("invalid_regions").get(0).get("reason").asText());
  }
}
