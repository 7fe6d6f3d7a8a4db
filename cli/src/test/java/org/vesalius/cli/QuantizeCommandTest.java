package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizeCommandTest {
  @TempDir private Path folder = Path.of("");

  private static String answer(String model, String weights) {
    String prompt = "Is there an effusion?";
    return Execution.of(
            "run", "--model", model, "--prompt", prompt, "--max-tokens", "6", "--weights", weights)
        .expect(0)
        .out();
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "int4"})
  void theCopyAnswersAsTheModelOpenedSo(String weights) {
    String model = Execution.fixture("qwen2").toString();
    String copy = folder.resolve("copy").toString();
    Execution run = Execution.of("quantize", model, copy, "--weights", weights).expect(0);
    run.expectPlain();
    assertEquals("", run.err());
    assertTrue(run.out().startsWith(copy + ": " + weights), run.out());
    assertEquals(answer(model, weights), answer(copy, "as-stored"));

    Execution inspection = Execution.of("inspect", copy).expect(0);
    assertTrue(inspection.out().contains("decoder " + weights), inspection.out());
    JsonNode json = Execution.of("inspect", copy, "--format", "json").expect(0).json();
    assertEquals(weights, json.get("quantization").asText());
  }

  @Test
  void aFolderWithFilesIsAFailure() throws IOException {
    Path taken = Files.createDirectories(folder.resolve("taken"));
    Files.writeString(taken.resolve("x"), "x");
    String model = Execution.fixture("qwen2").toString();
    String error =
        Execution.of("quantize", model, taken.toString(), "--weights", "int8").errorLine(1);
    assertTrue(error.contains("a folder with files"), error);
    String missing =
        Execution.of("quantize", folder.resolve("no").toString(), "out", "--weights", "int8")
            .errorLine(1);
    assertTrue(missing.contains("found nothing"), missing);
    assertFalse(Files.exists(Path.of("out")));
  }

  @Test
  void theBenchmarkReadsFewerBytes() {
    String model = Execution.fixture("qwen2").toString();
    List<Long> bytes =
        List.of("as-stored", "bf16", "int8").stream()
            .map(weights ->
                Execution.of(
                        "bench",
                        "--model",
                        model,
                        "--prompt-tokens",
                        "4",
                        "--decode-tokens",
                        "3",
                        "--weights",
                        weights,
                        "--format",
                        "json")
                    .expect(0)
                    .json()
                    .findValue("bytes_per_token")
                    .asLong())
            .toList();
    assertTrue(bytes.get(0) > bytes.get(1) && bytes.get(1) > bytes.get(2), bytes.toString());
  }
}
