package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged configuration files give values or a {@link ModelFormatException}, nothing else. */
class ConfigMutationTest {
  private static final long SEED = 20260102;
  private static final int FILES = 5_000;
  private static final List<String> TOKENS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "null",
          "true",
          "NaN",
          "-Infinity",
          "-1",
          "1e999",
          "99999999999999999999",
          "0",
          "2.5",
          "\"x\"",
          "{}",
          "[]",
          "\"rope_scaling\":{},",
          "\"text_config\":3,",
          "\"a\":",
          "\u00e9",
          "\0");

  private static void readEverything(ConfigNode root) {
    for (Consumer<ConfigNode> reader :
        List.<Consumer<ConfigNode>>of(
            ConfigMutationTest::readModel,
            GenerationConfig::of,
            PreprocessorConfig::of,
            node -> VideoPreprocessorConfig.of(node, "Qwen2VLVideoProcessor"))) {
      try {
        reader.accept(root);
      } catch (ModelFormatException e) {
        assertTrue(String.valueOf(e.getMessage()).startsWith("config.json: "), e.getMessage());
      }
    }
  }

  private static void readModel(ConfigNode root) {
    ModelConfig config = ModelConfig.of(root);
    String all =
        config.textModelType()
            + config.architectures()
            + config.dtype()
            + config.imageTokenId()
            + config.tokenId("pad_token_id")
            + config.eosTokenIds().length
            + config.tieWordEmbeddings(false);
    assertTrue(config.rope().theta() > 0, all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "qwen2_5_vl/config.json",
        "qwen2_5_vl/legacy/config.json",
        "qwen2_5_vl/generation_config.json",
        "qwen2_5_vl/preprocessor_config.json"
      })
  void mutatedFilesNeverEscape(String name) throws IOException {
    byte[] original = Files.readAllBytes(FixtureCheckpointTest.fixture(name));
    int unreadable = 0;
    for (int i = 0; i < FILES; i++) {
      byte[] json = mutated(original, new SplittableRandom(SEED + i));
      try {
        readEverything(ConfigNode.parse(json, Path.of("config.json")));
      } catch (ModelFormatException e) {
        unreadable++;
      } catch (RuntimeException | Error e) {
        fail("seed " + (SEED + i) + " of " + name, e);
      }
    }
    assertTrue(unreadable > FILES / 10 && unreadable < FILES, unreadable + " of " + FILES);
  }

  private static byte[] mutated(byte[] original, SplittableRandom random) {
    byte[] json = original;
    for (int n = 1 + random.nextInt(3); n > 0 && json.length > 1; n--) {
      int at = random.nextInt(json.length);
      int end = Math.min(json.length, at + random.nextInt(20));
      json =
          switch (random.nextInt(4)) {
            case 0 -> joined(json, at, token(random), at);
            case 1 -> joined(json, at, token(random), end);
            case 2 -> joined(json, at, new byte[0], end);
            default -> joined(json, at, new byte[] {(byte) random.nextInt(256)}, at + 1);
          };
    }
    return json;
  }

  private static byte[] token(SplittableRandom random) {
    return TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] joined(byte[] json, int at, byte[] middle, int from) {
    byte[] result = Arrays.copyOf(json, at + middle.length + json.length - from);
    System.arraycopy(middle, 0, result, at, middle.length);
    System.arraycopy(json, from, result, at + middle.length, json.length - from);
    return result;
  }
}
