package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.loader.CheckpointHeader;

class InspectCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(strings = {"qwen2_5_vl", "qwen2_5_vl/legacy", "qwen2", "qwen3"})
  void everyFixtureCanBeRun(String name) {
    Path model = Execution.fixture(name);
    JsonNode json = Execution.of("inspect", model.toString(), "--format", "json").expect(0).json();
    assertTrue(json.get("can_be_run").asBoolean());
    assertEquals(0, json.get("problems").size());
    assertEquals(CheckpointHeader.read(model).byteSize(), json.get("weight_bytes").asLong());
    boolean vision = name.startsWith("qwen2_5_vl");
    assertEquals(vision, json.get("parameters").get("vision").asLong() > 0);
    assertEquals(vision, json.get("images").isObject());
    assertEquals("chat_template.jinja", json.get("chat_template").asText());
    JsonNode decoder = json.get("decoder");
    long rows = 2000 * decoder.get("layers").asLong() * decoder.get("kv_heads").asLong();
    long size = decoder.get("head_size").asLong();
    JsonNode cache = json.get("cache_bytes_per_1000_tokens");
    assertEquals(rows * size * 4, cache.get("f32").asLong());
    assertEquals(rows * size * 2, cache.get("bf16").asLong());
    assertEquals(rows * (size + 4), cache.get("int8").asLong());

    Execution text = Execution.of("inspect", model.toString()).expect(0);
    text.expectPlain();
    assertTrue(text.out().contains(json.get("family").asText()), text.out());
    assertTrue(text.out().contains("per 1,000 tokens"), text.out());
    assertTrue(text.out().contains(" in bf16, "), text.out());
  }

  @Test
  void picturesAreCountedInTokens() {
    JsonNode images = images("qwen2_5_vl");
    assertTrue(images.get("preparation").asText().contains("pixels"), images.toString());
    assertTrue(images.get("tokens_1024x1024").asInt() >= images.get("tokens_512x512").asInt());
    assertTrue(images.get("tokens_512x512").asInt() > 0);
    // Towers of one size: every picture is as many tokens.
    assertEquals(4, images("small_gemma3").get("tokens_512x512").asInt());
    assertEquals(16, images("small_llava_mistral").get("tokens_1024x1024").asInt());
  }

  private static JsonNode images(String fixture) {
    return Execution.of("inspect", Execution.fixture(fixture).toString(), "--format", "json")
        .json()
        .get("images");
  }

  /** A copy of a fixture whose configuration says something else. */
  private Path changed(String fixture, String key, Object value) throws IOException {
    try (Stream<Path> files = Files.list(Execution.fixture(fixture))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName().toString()));
      }
    }
    Path config = folder.resolve("config.json");
    ObjectNode json = (ObjectNode) JSON.readTree(Files.readAllBytes(config));
    json.set(key, JSON.valueToTree(value));
    Files.write(config, JSON.writeValueAsBytes(json));
    return folder;
  }

  @Test
  void anUnknownFamilyIsRefusedWithTheKnownOnes() throws IOException {
    Path model = changed("qwen2", "model_type", "mamba");
    Execution run = Execution.of("inspect", model.toString(), "--format", "json");
    String error = run.errorLine(Vesalius.FAILURE);
    assertTrue(error.contains("qwen2_5_vl") && error.contains("\"mamba\""), error);
    JsonNode json = run.json();
    assertFalse(json.get("can_be_run").asBoolean());
    assertTrue(json.get("family").isNull());
    assertTrue(json.get("parameters").get("total").asLong() > 0);
  }

  @Test
  void whatKeepsItFromRunningIsListed() throws IOException {
    Path model = changed("qwen2", "hidden_act", "relu");
    Files.delete(model.resolve("tokenizer.json"));
    Execution run = Execution.of("inspect", model.toString());
    String error = run.errorLine(Vesalius.FAILURE);
    assertTrue(error.endsWith("(and 1 more)"), error);
    assertTrue(run.out().contains("hidden_act") && run.out().contains("tokenizer.json"), run.out());
    assertTrue(run.out().contains("can be run     no"), run.out());
  }

  @Test
  void aTensorOfAnotherShapeIsListed() throws IOException {
    Path model = changed("qwen3", "intermediate_size", 8);
    Execution run = Execution.of("inspect", model.toString(), "--format", "json");
    run.expect(Vesalius.FAILURE);
    assertEquals(1, run.json().get("problems").size(), run.out());
    assertTrue(run.json().get("problems").get(0).asText().contains("mlp."), run.out());
  }

  @Test
  void noFolderAndNoConfigurationAreFailures() {
    String missing = Execution.of("inspect", folder.resolve("no").toString()).errorLine(1);
    assertTrue(missing.contains("found nothing"), missing);
    String empty = Execution.of("inspect", folder.toString()).errorLine(1);
    assertTrue(empty.contains("config.json"), empty);
  }
}
