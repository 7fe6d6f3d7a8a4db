package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints with one weight damaged: the check names the layer that has it. */
class LayerCheckTest {
  @TempDir private Path folder = Path.of("");

  /** A fixture in which every element of a tensor is this number. */
  private Path damaged(String fixture, String tensor, float number) throws IOException {
    try (Stream<Path> files = Files.list(Execution.fixture(fixture))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.write(folder.resolve(file.getFileName()), Files.readAllBytes(file));
      }
    }
    Path weights = folder.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(bytes.getLong(0));
    JsonNode entry =
        new ObjectMapper()
            .readTree(new String(bytes.array(), 8, header, StandardCharsets.UTF_8))
            .get(tensor);
    boolean half = entry.get("dtype").asText().equals("BF16");
    assertTrue(half || entry.get("dtype").asText().equals("F32"), entry.toString());
    int begin = 8 + header + entry.get("data_offsets").get(0).asInt();
    int end = 8 + header + entry.get("data_offsets").get(1).asInt();
    int bits = Float.floatToRawIntBits(number);
    for (int at = begin; at < end; at += half ? 2 : 4) {
      if (half) {
        bytes.putShort(at, (short) (bits >>> 16));
      } else {
        bytes.putInt(at, bits);
      }
    }
    Files.write(weights, bytes.array());
    return folder;
  }

  private static Execution run(Path model, String... more) {
    return Execution.of(
        Stream.concat(
                Stream.of("run", "--model", model.toString(), "--backend", "reference"),
                Stream.of(more))
            .toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.0.mlp.down_proj.weight, NaN, 'decoder layer 0 (', hidden.1, hidden.0",
    "model.layers.1.self_attn.o_proj.weight, NaN, 'decoder layer 1 (', hidden.2, hidden.1",
    "model.layers.1.mlp.down_proj.weight, 3e38, 'decoder layer 1 (', hidden.2, hidden.1",
    "model.norm.weight, NaN, 'the norm before the head', hidden.norm, hidden.3",
  })
  void theFirstLayerIsNamed(
      String tensor, float number, String where, String activation, String before)
      throws IOException {
    Path model = damaged("qwen3", tensor, number);
    String plain = run(model, "--prompt", "Is there a nodule?").errorLine(1);
    assertTrue(plain.contains("not finite") && plain.contains("--check-layers"), plain);
    String line = run(model, "--prompt", "Is there a nodule?", "--check-layers").errorLine(1);
    for (String part : List.of(where, " in " + activation + ",", "up to " + before)) {
      assertTrue(line.contains(part), line + " does not contain " + part);
    }
  }

  @Test
  void theVisionTowerIsLookedAtToo() throws IOException {
    Path fixture = Execution.fixture("qwen2_5_vl");
    Path model = damaged("qwen2_5_vl", "model.visual.blocks.1.attn.proj.weight", Float.NaN);
    String line =
        run(
                model,
                "--image",
                fixture.resolve("images/square.png").toString(),
                "--prompt",
                "Describe it.",
                "--check-layers")
            .errorLine(1);
    assertTrue(line.contains("block 1 of the vision tower"), line);
  }

  @Test
  void aSoundModelAnswersAsWithout() {
    String[] request = {"--prompt", "Is there a nodule?", "--max-tokens", "6"};
    Execution plain = run(Execution.fixture("qwen3"), request).expect(0);
    Execution checked =
        run(
                Execution.fixture("qwen3"),
                Stream.concat(Stream.of(request), Stream.of("--check-layers"))
                    .toArray(String[]::new))
            .expect(0);
    assertEquals(plain.out(), checked.out());
    // Embedding, three layers, norm and logits, for the prompt and each of 6 tokens but the last.
    assertTrue(
        checked.err().contains("layers: 36 activations, all numbers finite, at most "),
        checked.err());
  }
}
