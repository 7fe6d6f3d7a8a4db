package org.vesalius.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of figures, from parts of a made-up device with round numbers. */
class ReportTest {
  private static final String DEVICE = "cuda (NVIDIA Made Up, sm_90, CUDA 12.6, cuBLAS 12)";

  @TempDir private Path folder = Path.of("");

  private static ObjectNode json(String text) throws IOException {
    return (ObjectNode) PartFile.JSON.readTree(text);
  }

  private void part(String name, String text) throws IOException {
    part(name, DEVICE, Figures.JUDGED, text);
  }

  private void part(String name, String device, String shapes, String text) throws IOException {
    new PartFile(folder, name, device, shapes).write(json(text));
  }

  @BeforeEach
  void limits() throws IOException {
    part(
        "device",
        """
        {"copy": {"bytes_per_second": 4e12}, "pinned": {"bytes_per_second": 5e10},
         "matrix": {"operations_per_second": 7e14}}
        """);
    // What torch measures counts where it is more.
    part(
        "peers-device",
        "NVIDIA Made Up",
        Figures.JUDGED,
        """
        {"copy": {"bytes_per_second": 3e12}, "matrix": {"operations_per_second": 8e14}}
        """);
  }

  private Figures.Figure figure(String name) throws IOException {
    List<Figures.Figure> figures = Figures.of(Report.of(folder).parts(), true);
    return figures.stream()
        .filter(figure -> figure.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " in " + figures));
  }

  private void assertMet(String met, String name) throws IOException {
    assertEquals(met, figure(name).met(), figure(name)::toString);
  }

  @Test
  void singleTokensStandBesideTheCopyOfTheirWeightsAndTheFasterPeer() throws IOException {
    // At 4e12 bytes a second the weights need 3 ms.
    part("bench-decode", "{\"seconds\": 0.0039, \"weight_bytes\": 12e9, \"bytes\": 14e9}");
    part("peers-decode", "{\"ways\": [{\"seconds\": 0.02}, {\"seconds\": 0.012}]}");
    assertMet("yes", "decode, 1 sequence, BF16");
    assertEquals("3.900 ms, 76.9 %", figure("decode, 1 sequence, BF16").measured());
    assertMet("yes", "decode, 1 sequence, BF16 beside transformers");
    part("bench-decode", "{\"seconds\": 0.0041, \"weight_bytes\": 12e9, \"bytes\": 14e9}");
    assertMet("no", "decode, 1 sequence, BF16");
    assertMet("no", "decode, 1 sequence, BF16 beside transformers");
  }

  @Test
  void manySequencesReadTheirCachesToo() throws IOException {
    part(
        "bench-batch",
        "{\"sequences\": 32, \"seconds\": 0.0065, \"weight_bytes\": 8e9, \"bytes\": 16e9}");
    assertMet("yes", "decode, 32 sequences, BF16");
    part(
        "bench-batch",
        "{\"sequences\": 32, \"seconds\": 0.0068, \"weight_bytes\": 8e9, \"bytes\": 16e9}");
    assertMet("no", "decode, 32 sequences, BF16");
  }

  @Test
  void promptsStandBesideTheLargerRateInTheirBestChunks() throws IOException {
    // At 8e14 operations a second 50 ms.
    part(
        "bench-prefill",
        """
        {"tokens": 4096, "operations": 4e13,
         "chunks": [{"chunk": 256, "seconds": 0.2}, {"chunk": 4096, "seconds": 0.09}]}
        """);
    assertMet("-", "prefill, 4096 tokens in chunks of 256");
    assertMet("yes", "prefill, 4096 tokens in chunks of 4096");
    part(
        "bench-prefill",
        """
        {"tokens": 4096, "operations": 4e13, "chunks": [{"chunk": 4096, "seconds": 0.092}]}
        """);
    assertMet("no", "prefill, 4096 tokens in chunks of 4096");
  }

  @Test
  void picturesHaveATimeAndAPeer() throws IOException {
    part("bench-vision", "{\"side\": 1036, \"seconds\": 0.0249, \"operations\": 8e12}");
    part("peers-vision", "{\"ways\": [{\"seconds\": 0.0374}]}");
    assertMet("yes", "vision, 1036x1036");
    assertMet("yes", "vision beside transformers, SDPA");
    part("bench-vision", "{\"side\": 1036, \"seconds\": 0.0251, \"operations\": 8e12}");
    assertMet("no", "vision, 1036x1036");
    assertMet("no", "vision beside transformers, SDPA");
  }

  @Test
  void loadingStandsBesidePinnedCopies() throws IOException {
    part("bench-load", "{\"seconds\": 0.49, \"bytes\": 15e9}");
    assertMet("yes", "load from the page cache");
    part("bench-load", "{\"seconds\": 0.51, \"bytes\": 15e9}");
    assertMet("no", "load from the page cache");
  }

  @Test
  void testsHaveToPassAndToEnd() throws IOException {
    String contract = "{\"passed\": 90, \"failed\": %d, \"skipped\": 0, \"complete\": %b}";
    part("contract", contract.formatted(0, true));
    assertMet("yes", "contract of the kernels");
    part("contract", contract.formatted(1, true));
    assertMet("no", "contract of the kernels");
    part("contract", contract.formatted(0, false));
    assertMet("no", "contract of the kernels");
    part(
        "contract",
        "{\"passed\": 9, \"failed\": 0, \"skipped\": 0, \"complete\": true, \"selected\": true}");
    assertMet("-", "contract of the kernels");
    part("outputs", contract.formatted(0, true));
    assertMet("yes", "answers of the fixtures");
    part("outputs", "{\"passed\": 0, \"failed\": 0, \"skipped\": 9, \"complete\": true}");
    assertMet("no", "answers of the fixtures");
    part(
        "sanitizer",
        """
        {"runs": [{"tool": "memcheck", "test": "A", "found": 0, "exit": 0},
          {"tool": "memcheck", "test": "B", "found": 2, "exit": 0},
          {"tool": "memcheck", "test": "C", "found": 0, "exit": 1},
          {"tool": "racecheck", "test": "A", "error": "ended after 9 s"}]}
        """);
    assertMet("yes", "memcheck A");
    assertMet("no", "memcheck B");
    assertMet("no", "memcheck C");
    assertMet("no", "racecheck A");
  }

  @Test
  void aFigureWithoutItsLimitIsNotCompared() throws IOException {
    Files.delete(folder.resolve("device.json"));
    Files.delete(folder.resolve("peers-device.json"));
    part("bench-decode", "{\"seconds\": 0.0039, \"weight_bytes\": 12e9}");
    assertMet("-", "decode, 1 sequence, BF16");
    assertEquals("the limit is not known", figure("decode, 1 sequence, BF16").beside());
  }

  @Test
  void oneReportHasAllParts() throws IOException {
    part("bench-decode", "{\"seconds\": 0.0039, \"weight_bytes\": 12e9}");
    part("bench-int4", "{\"error\": \"out of luck\"}");
    Report report = Report.of(folder);
    assertEquals("", report.refusal());
    assertTrue(report.lines().contains("bench-int4: out of luck"), report.lines()::toString);
    Path file = report.write(folder.resolve("results"));
    assertTrue(file.toString().endsWith("-gpu-nvidia-made-up.json"), file::toString);
    JsonNode written = PartFile.JSON.readTree(file.toFile());
    assertTrue(written.path("bars_compared").asBoolean());
    assertEquals(4, written.path("parts").size());
    JsonNode last = written.path("figures").path(written.path("figures").size() - 1);
    assertEquals("yes", last.path("met").asText());
  }

  @Test
  void nothingIsComparedOnASimulatedDevice() throws IOException {
    part("bench-decode", "cuda (Simulated device, sm_90)", Figures.JUDGED, "{\"seconds\": 1}");
    Report report = Report.of(folder);
    assertTrue(report.refusal().contains("simulated"));
    Path file = report.write(folder.resolve("results"));
    assertTrue(file.toString().endsWith("-gpu-simulated.json"), file::toString);
    JsonNode written = PartFile.JSON.readTree(file.toFile());
    assertTrue(written.path("simulated").asBoolean());
    assertFalse(written.path("bars_compared").asBoolean(true));
    for (JsonNode figure : written.path("figures")) {
      assertEquals("-", figure.path("met").asText());
    }
  }

  @Test
  void nothingIsComparedBetweenDevicesOrShapes() throws IOException {
    part("bench-decode", "cuda (NVIDIA Other, sm_80)", Figures.JUDGED, "{\"seconds\": 1}");
    assertTrue(Report.of(folder).refusal().contains("several devices"));
    part("bench-decode", DEVICE, "tiny", "{\"seconds\": 1}");
    assertTrue(Report.of(folder).refusal().contains("several shapes"));
    Path other = folder.resolve("other");
    new PartFile(other, "bench-decode", DEVICE, "tiny").write(json("{\"seconds\": 1}"));
    assertEquals("the bars are those of qwen2.5-vl-7b", Report.of(other).refusal());
  }

  @Test
  void noPartsAreNoReport() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThrows(IllegalArgumentException.class, () -> Report.of(empty));
  }
}
