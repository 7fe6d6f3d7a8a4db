package org.vesalius.bench.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QualityTest {
  @Test
  void divergenceByHand() {
    Divergence divergence = new Divergence();
    float[] even = {1, 1};
    float[] three = {(float) Math.log(3), 0};
    divergence.add(three, three);
    assertEquals(0, divergence.mean());
    // p = (3/4, 1/4), q = (1/2, 1/2): 3/4 ln(3/2) + 1/4 ln(1/2).
    divergence.add(three, even);
    double expected = 0.75 * Math.log(1.5) + 0.25 * Math.log(0.5);
    assertEquals(expected / 2, divergence.mean(), 1e-7);
    assertEquals(expected, divergence.percentile99(), 1e-7);
    // Of two equal logits the first counts as the best, as in greedy decoding.
    assertEquals(1, divergence.sameBest());
    divergence.add(three, new float[] {0, 1});
    assertEquals(2 / 3.0, divergence.sameBest(), 1e-12);
  }

  private static Question question(String kind, String truth) {
    return new Question(
        kind, Optional.of(Path.of("x.png")), List.of("?"), List.of(1), Optional.of(truth));
  }

  @Test
  void answersAreScoredByKind() {
    Accuracy accuracy = new Accuracy();
    Question thinking = question("yn_effusion /think", "<think>\nLeft.\n</think>\n\nYes.");
    accuracy.add(thinking, "<think>\nOther thoughts.\n</think>\n\nYes.");
    accuracy.add(thinking, "No.");
    accuracy.add(question("yn_heart", "No."), "No.");
    assertEquals(2 / 3.0, accuracy.of(Accuracy.Group.YES_NO), 1e-12);
    Question box = question("box_heart", "[{\"bbox_2d\": [0, 0, 10, 10], \"label\": \"heart\"}]");
    accuracy.add(box, "[{\"bbox_2d\": [0, 5, 10, 15], \"label\": \"heart\"}]");
    assertEquals(50 / 150.0, accuracy.of(Accuracy.Group.BOX), 1e-12);
    accuracy.add(box, "There is no heart.");
    accuracy.add(box, "[{\"bbox_2d\": [0, 5]}]");
    assertEquals(50 / 150.0 / 3, accuracy.of(Accuracy.Group.BOX), 1e-12);
    accuracy.add(question("box_nodule", "There is no nodule."), "There is no nodule.");
    assertEquals((50 / 150.0 + 1) / 4, accuracy.of(Accuracy.Group.BOX), 1e-12);
    accuracy.add(question("turns", "Yes."), "No.");
    assertEquals(0, accuracy.count(Accuracy.Group.REPORT));
  }

  /** Fewer bits cost more; float32 costs nothing, and answers as transformers does. */
  @Test
  void theDemoModel(@TempDir Path folder) throws IOException {
    Path root = Path.of(System.getProperty("vesalius.root", ".."));
    Path json = folder.resolve("quality.json");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Quality.run(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            "--questions",
            root.resolve("demo/heldout").toString(),
            "--every",
            "300",
            "--backend",
            "simd",
            "--out",
            json.toString());
    assertEquals("", err.toString(StandardCharsets.UTF_8));
    assertEquals(0, code);
    Map<String, JsonNode> rows = new HashMap<>();
    new ObjectMapper()
        .readTree(json.toFile())
        .path("candidates")
        .forEach(row -> rows.put(row.path("name").asText(), row));
    JsonNode plain = Objects.requireNonNull(rows.get("as stored, F32"));
    assertEquals(3, plain.path("questions").asInt());
    assertEquals(3, plain.path("golden_answers").asInt());
    assertEquals(0, divergence(rows, "as stored, F32"));
    assertTrue(divergence(rows, "as stored, BF16") < divergence(rows, "as stored, INT8"));
    assertTrue(divergence(rows, "INT8, F32") > 0);
    assertTrue(divergence(rows, "INT8, F32") < divergence(rows, "INT4, F32"));
    assertTrue(divergence(rows, "INT4, F32") < 0.1, "a useful rounding");
    assertTrue(divergence(rows, "FP8, F32") > divergence(rows, "INT8, F32"));
    assertTrue(divergence(rows, "FP8, F32") < 0.1, "a useful rounding");
    assertTrue(out.toString(StandardCharsets.UTF_8).contains("| as stored, F32 | "));
  }

  private static double divergence(Map<String, JsonNode> rows, String name) {
    return Objects.requireNonNull(rows.get(name), name).path("kl_mean_nats").asDouble(Double.NaN);
  }

  @Test
  void missingQuestionsAreOneLine(@TempDir Path folder) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Quality.run(
            System.out,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            "--questions",
            folder.toString());
    assertEquals(2, code);
    String message = err.toString(StandardCharsets.UTF_8);
    assertEquals(
        "--questions: " + folder + " has no goldens.jsonl.gz",
        message.lines().findFirst().orElse(""));
  }
}
