package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.loader.ConfigNodeTest.json;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationConfigTest {
  @TempDir Path directory = Path.of("");

  @Test
  void readsTheFixture() {
    GenerationConfig config = GenerationConfig.read(FixtureCheckpointTest.fixture("qwen2_5_vl"));
    assertArrayEquals(new int[] {987, 985}, config.eosTokenIds());
    assertEquals(OptionalInt.of(985), config.bosTokenId());
    assertEquals(OptionalInt.of(985), config.padTokenId());
    assertTrue(config.doSample());
    assertEquals(OptionalDouble.of(1e-6), config.temperature());
    assertEquals(OptionalDouble.of(1.05), config.repetitionPenalty());
    assertEquals(OptionalInt.empty(), config.topK());
    assertEquals("5.12.1", config.raw().orElseThrow().string("transformers_version"));
  }

  @Test
  void readsEveryKey() {
    GenerationConfig config =
        GenerationConfig.of(
            json(
                "{'eos_token_id':2,'do_sample':true,'temperature':0,'top_k':20,'top_p':0.8,"
                    + "'min_p':0.05,'presence_penalty':1.5,'max_new_tokens':256}"));
    assertArrayEquals(new int[] {2}, config.eosTokenIds());
    assertEquals(OptionalDouble.of(0), config.temperature());
    assertEquals(OptionalInt.of(20), config.topK());
    assertEquals(OptionalDouble.of(0.8), config.topP());
    assertEquals(OptionalDouble.of(0.05), config.minP());
    assertEquals(OptionalDouble.of(1.5), config.presencePenalty());
    assertEquals(OptionalInt.of(256), config.maxNewTokens());
  }

  @Test
  void absentFileIsGreedy() {
    GenerationConfig config = GenerationConfig.read(directory);
    assertFalse(config.doSample());
    assertEquals(0, config.eosTokenIds().length);
    assertEquals(Optional.empty(), config.raw());
  }

  @Test
  void tokensOfTheModelFillWhatIsMissing() {
    ModelConfig model = ModelConfig.read(FixtureCheckpointTest.fixture("qwen2_5_vl"));
    GenerationConfig filled = GenerationConfig.empty().withTokensOf(model);
    assertArrayEquals(new int[] {987}, filled.eosTokenIds());
    assertEquals(OptionalInt.of(985), filled.bosTokenId());
    GenerationConfig own = GenerationConfig.of(json("{'eos_token_id':[1,2],'bos_token_id':3}"));
    assertArrayEquals(new int[] {1, 2}, own.withTokensOf(model).eosTokenIds());
    assertEquals(OptionalInt.of(3), own.withTokensOf(model).bosTokenId());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "temperature        | -0.1  | a number of at least 0.0",
        "top_p              | 1.5   | a number from 0.0 to 1.0",
        "min_p              | -1    | a number from 0.0 to 1.0",
        "top_k              | -1    | an integer of at least 0",
        "top_k              | 2.5   | an integer of 32 bits",
        "repetition_penalty | 0     | a number above 0",
        "max_new_tokens     | 0     | an integer of at least 1",
        "do_sample          | 1     | true or false",
        "eos_token_id       | 'x'   | an integer of 32 bits",
        "temperature        | 'hot' | a finite number",
      })
  void valuesOutOfRange(String key, String value, String expected) {
    ConfigNode node = json("{'" + key + "':" + value + "}");
    String message =
        String.valueOf(
            assertThrows(ModelFormatException.class, () -> GenerationConfig.of(node)).getMessage());
    assertTrue(
        message.startsWith("config.json: key \"" + key + "\": expected " + expected), message);
  }
}
