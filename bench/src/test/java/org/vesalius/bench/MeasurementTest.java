package org.vesalius.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Roofline;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.LayerObserver;

class MeasurementTest {

  @Test
  void enginesTakeTurns() {
    List<String> calls = new ArrayList<>();
    List<Alternation.Seconds> seconds =
        new Alternation(3, 0).measure(List.of(() -> calls.add("a"), () -> calls.add("b")));
    assertEquals(2, seconds.size());
    // Two calls a turn: one that is not timed and one that is.
    assertEquals(List.of("a", "a", "b", "b", "b", "b", "a", "a", "a", "a", "b", "b"), calls);
  }

  @Test
  void mediansOfRounds() {
    assertEquals(new Alternation.Seconds(2, 1, 9), Alternation.Seconds.of(9, 1, 2));
    assertEquals(new Alternation.Seconds(2.5, 1, 9), Alternation.Seconds.of(9, 1, 2, 3));
    assertThrows(IllegalArgumentException.class, () -> new Alternation(0, 1));
  }

  @Test
  void aFigureStandsBesideItsRoofline() {
    Alternation.Seconds two = new Alternation.Seconds(2, 2, 2);
    Roofline machine = new Roofline(10, 100);
    // Bytes need 1 s and operations 0.5 s of the 2 s.
    assertEquals(Optional.of(0.5), new Figure(two, 10, 50, Optional.of(machine)).share());
    assertEquals(Optional.of(0.75), new Figure(two, 10, 150, Optional.of(machine)).share());
    assertEquals(Optional.empty(), new Figure(two, 10, 50, Optional.empty()).share());
  }

  @Test
  void shapesByName() {
    assertEquals(5, LinearShape.named("qwen2.5-vl-3b").size());
    assertEquals("lm_head", LinearShape.named("151936x2048").getFirst().layer());
    assertEquals(new LinearShape("", "", 3, 5), LinearShape.named("3x5").getFirst());
    IllegalArgumentException unknown =
        assertThrows(IllegalArgumentException.class, () -> LinearShape.named("qwen9"));
    assertTrue(String.valueOf(unknown.getMessage()).contains("gemma-3-4b"), unknown::toString);
  }

  @Test
  void comparePrintsAndWrites(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("out.json");
    String out =
        compare(
            0,
            "--backends=simd,reference",
            "--shapes=96x128",
            "--tokens=1,3",
            "--formats=f32,bf16,int8,int4",
            "--threads=1",
            "--rounds=2",
            "--turn=1",
            "--working-set=0",
            "--out=" + file);
    assertEquals(1 + 2 * 2 * 4, out.lines().count(), out);
    JsonNode json = new JsonMapper().readTree(Files.readString(file));
    assertEquals(16, json.get("figures").size());
    for (JsonNode figure : json.get("figures")) {
      assertEquals(2.0 * 96 * 128 * figure.get("tokens").asInt(), figure.get("operations").asInt());
      assertTrue(figure.get("seconds").asDouble() > 0);
      assertTrue(figure.get("seconds_least").asDouble() <= figure.get("seconds").asDouble());
      if (figure.has("onednn")) {
        assertEquals(
            figure.get("onednn").get("seconds").asDouble() / figure.get("seconds").asDouble(),
            figure.get("rate_by_onednn").asDouble(),
            1e-12);
      }
    }
  }

  @Test
  void servingPrintsAndWrites(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("out.json");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int code =
        Serving.run(
            stream,
            stream,
            "--model=demo",
            "--backend=simd",
            "--requests=3",
            "--tokens=8",
            "--long=40",
            "--rounds=1",
            "--out=" + file);
    String out = bytes.toString(StandardCharsets.UTF_8);
    assertEquals(0, code, out);
    assertEquals(10, out.lines().count(), out);
    JsonNode json = new JsonMapper().readTree(Files.readString(file));
    for (String kind : List.of("1 request", "3 requests", "1 request with a mask")) {
      assertTrue(json.get(kind).get("tokens_per_s").asDouble() > 0, kind);
      assertTrue(
          json.get(kind).get("p50_ms").asDouble() <= json.get(kind).get("p99_ms").asDouble());
    }
    assertTrue(
        json.get("the same, guessed").get("steps").asInt()
            < json.get("repeats its prompt").get("steps").asInt(),
        out);
    assertTrue(json.get("behind a long prompt").get("first_token_s").asDouble() > 0);
  }

  @Test
  void anAbsentBackendIsNamed() {
    String err = compare(1, "--backends=abacus", "--shapes=8x64", "--tokens=1");
    assertTrue(err.contains("abacus") && err.contains("simd"), err);
    assertEquals(1, err.lines().count(), err);
  }

  @Test
  void aWrongShapeIsMisuse() {
    assertTrue(compare(2, "--shapes=wide").contains("wide"));
  }

  private static String compare(int expected, String... args) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    System.setProperty("vesalius.bench.smoke", "true");
    try {
      assertEquals(
          expected,
          Compare.run(stream, stream, args),
          () -> bytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.clearProperty("vesalius.bench.smoke");
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void operationsRunInEveryFormat(KernelOperation operation) {
    for (CacheFormat cache : CacheFormat.values()) {
      try (Kernels kernels = Backends.open("reference", new KernelOptions(1));
          Arena arena = Arena.ofShared()) {
        DecoderShape tiny = DecoderShape.named("tiny");
        KernelCase small =
            KernelCase.of(
                operation,
                kernels,
                arena,
                new KernelCase.Sizes(tiny, 2, 70, cache, WeightFormat.BF16),
                0);
        assertEquals(1, small.turns().size());
        assertTrue(small.bytes() > 0 && small.operations() > 0);
        small.turns().getFirst().run();
        small.turns().getFirst().run();
      }
    }
  }

  /** By hand: 70 tokens in a BF16 cache, two heads of 64, keys and values, and the queries. */
  @Test
  void bytesOfDecodeAttention() {
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1));
        Arena arena = Arena.ofShared()) {
      KernelCase attention =
          KernelCase.of(
              KernelOperation.DECODE_ATTENTION,
              kernels,
              arena,
              new KernelCase.Sizes(
                  DecoderShape.named("tiny"), 9, 70, CacheFormat.BF16, WeightFormat.BF16),
              0);
      assertEquals(70 * 2 * 2 * 64 * 2 + 2 * 4 * 256, attention.bytes());
      assertEquals(4.0 * 70 * 256, attention.operations());
    }
  }

  @Test
  void aRandomModelComputes() {
    Path folder;
    try (RandomModel files = new RandomModel(DecoderShape.named("tiny"))) {
      folder = files.directory();
      assertTrue(Files.exists(folder.resolve("model.safetensors")));
    }
    assertFalse(Files.exists(folder));
    try (BenchModel bench =
        new BenchModel("tiny", OpenOptions.defaults().withBackend("reference").withThreads(1))) {
      float[] logits = new float[bench.model().config().vocabulary()];
      var engine = bench.model().engine();
      try (var sequence = engine.newSequence();
          var none = engine.borrowEmbeddings(0)) {
        StepResult result = StepResult.logits(logits);
        engine.feed(
            sequence,
            EncodedPrompt.ofTokens(
                new Random(1).ints(5, 0, 500).toArray(), bench.model().parts().positions()),
            none.tensor(),
            0,
            5,
            result,
            LayerObserver.NONE);
      }
      float first = logits[0];
      boolean differ = false;
      for (float logit : logits) {
        assertTrue(Float.isFinite(logit));
        differ |= logit != first;
      }
      assertTrue(differ, "all logits are " + first);
    }
  }
}
