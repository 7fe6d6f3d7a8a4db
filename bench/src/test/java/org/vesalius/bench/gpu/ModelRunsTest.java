package org.vesalius.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.LayerObserver;

/** What is measured, on the definition of the kernels and a tiny model. */
class ModelRunsTest {
  private static final Path SHAPES = Path.of("gpu", "shapes.json");

  @TempDir private Path folder = Path.of("");

  private static ModelShape tiny() throws IOException {
    return ModelShape.read(SHAPES, "tiny");
  }

  @Test
  void sequencesTogetherComputeWhatEachComputesAlone() throws IOException {
    ModelShape shape = tiny();
    int vocabulary = shape.vocabulary();
    // Some reach the next page on the way.
    int[] prompts = {5, 31, 40};
    int steps = 4;
    Path model = RandomCheckpoint.in(folder, shape);
    try (OpenedModel opened = OpenedModel.open(model, "reference", WeightFormat.AS_STORED);
        SequenceBatch batch =
            new SequenceBatch(opened.kernels(), opened.model(), prompts.length, 64, 40)) {
      Engine engine = opened.engine(64, 64);
      for (int s = 0; s < prompts.length; s++) {
        batch.feed(s, OpenedModel.tokens(prompts[s], s));
      }
      float[][] together = new float[steps][];
      for (int step = 0; step < steps; step++) {
        int[] ids = OpenedModel.tokens(prompts.length, 100 + step);
        int[] likeliest = batch.step(ids);
        together[step] = batch.logits();
        for (int s = 0; s < prompts.length; s++) {
          assertEquals(largest(row(together[step], s, vocabulary)), likeliest[s]);
        }
      }
      for (int s = 0; s < prompts.length; s++) {
        assertEquals(prompts[s] + steps, batch.length(s));
        float[] alone = new float[vocabulary];
        StepResult logits = StepResult.logits(alone);
        try (CachedSequence sequence = engine.newSequence()) {
          opened.feed(engine, sequence, opened.prompt(OpenedModel.tokens(prompts[s], s)), logits);
          for (int step = 0; step < steps; step++) {
            int id = OpenedModel.tokens(prompts.length, 100 + step)[s];
            engine.decode(sequence, id, sequence.length(), logits, LayerObserver.NONE);
            assertArrayEquals(alone, row(together[step], s, vocabulary), "sequence " + s);
          }
        }
      }
    }
  }

  private static float[] row(float[] rows, int row, int width) {
    return Arrays.copyOfRange(rows, row * width, (row + 1) * width);
  }

  private static int largest(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  @Test
  void aBatchHasRoomForItsContextOnly() throws IOException {
    Path model = RandomCheckpoint.in(folder, tiny());
    try (OpenedModel opened = OpenedModel.open(model, "reference", WeightFormat.AS_STORED);
        SequenceBatch batch = new SequenceBatch(opened.kernels(), opened.model(), 2, 32, 32)) {
      batch.feed(0, OpenedModel.tokens(32, 1));
      batch.feed(1, OpenedModel.tokens(3, 1));
      assertThrows(IllegalStateException.class, () -> batch.step(new int[] {1, 2}));
      assertEquals(3, batch.length(1));
    }
  }

  @Test
  void aCheckpointIsWrittenOnceForItsSizes() throws IOException {
    Path model = RandomCheckpoint.in(folder, tiny());
    // The parameters that transformers 5.12.1 counts of the same sizes, two bytes each.
    long data = 2 * 803_136;
    long bytes = RandomCheckpoint.bytes(model);
    assertTrue(bytes > data && bytes < data + 20_000, "expected " + data + ", found " + bytes);
    Path weights = model.resolve("model.safetensors");
    Files.delete(weights);
    RandomCheckpoint.in(folder, tiny());
    assertFalse(Files.exists(weights), "what is finished is not written again");
    Files.writeString(model.resolve("finished.json"), "other sizes");
    RandomCheckpoint.in(folder, tiny());
    assertEquals(bytes, Files.size(weights));
  }

  @Test
  void sizesThatAreMissingAreNamed() {
    Exception unknown =
        assertThrows(IllegalArgumentException.class, () -> ModelShape.read(SHAPES, "small"));
    assertTrue(String.valueOf(unknown.getMessage()).contains("qwen2.5-vl-7b, tiny"));
    Exception missing =
        assertThrows(IllegalArgumentException.class, () -> tiny().runs().intValue("walks"));
    assertTrue(String.valueOf(missing.getMessage()).contains("tiny.runs.walks: expected"));
  }

  @ParameterizedTest
  @EnumSource
  void everyCaseWritesItsResult(GpuBench.Case wanted) throws IOException {
    String name = wanted.name().toLowerCase(Locale.ROOT);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status =
        GpuBench.run(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            "bench",
            name,
            "--backend",
            "reference",
            "--parts",
            folder.resolve("parts").toString(),
            "--work",
            folder.toString(),
            "--shapes",
            SHAPES.toString(),
            "--shape",
            "tiny");
    assertEquals(0, status, out.toString(StandardCharsets.UTF_8));
    JsonNode part =
        PartFile.JSON.readTree(folder.resolve("parts/bench-" + name + ".json").toFile());
    assertEquals("tiny", part.path("shapes").asText());
    assertFalse(part.path("simulated").asBoolean(true));
    JsonNode result = part.path("result");
    JsonNode timed = name.startsWith("prefill") ? result.path("chunks").path(0) : result;
    assertTrue(timed.path("seconds").asDouble() > 0, result::toString);
    String amount =
        switch (wanted) {
          case DECODE, INT8, INT4, FP8, BATCH -> "weight_bytes";
          case PREFILL, PREFILL_FP8, VISION -> "operations";
          case LOAD -> "bytes";
        };
    assertTrue(result.path(amount).asDouble() > 0, result::toString);
  }

  @Test
  void whatCannotBeMeasuredIsWrittenToo() throws IOException {
    int status =
        GpuBench.run(
            System.out,
            "bench",
            "decode",
            "--backend",
            "abacus",
            "--parts",
            folder.toString(),
            "--work",
            folder.toString(),
            "--shapes",
            SHAPES.toString(),
            "--shape",
            "tiny");
    assertEquals(1, status);
    JsonNode part = PartFile.JSON.readTree(folder.resolve("bench-decode.json").toFile());
    String error = part.path("result").path("error").asText();
    assertTrue(error.contains("backend \"abacus\" is unknown"), error);
  }

  @Test
  void numbersThatMeanNothingAreNoFigure() {
    DecoderRuns.requireSense("logits", new float[] {1, 2, 3});
    assertThrows(
        IllegalStateException.class,
        () -> DecoderRuns.requireSense("logits", new float[] {1, Float.NaN, 3}));
    assertThrows(
        IllegalStateException.class,
        () -> DecoderRuns.requireSense("logits", new float[] {2, 2, 2}));
  }

  @Test
  void mediansOfTimes() {
    assertEquals(2, Times.sorted(3, 1, 2).median());
    assertEquals(2.5, Times.sorted(4, 3, 1, 2).median());
  }
}
