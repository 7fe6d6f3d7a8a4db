package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ModelInspection;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.UnsupportedModelException;

/**
 * Fixtures with one thing changed: either the answer stays what the reference gives, or {@link
 * ChatModel#open} and {@link ModelInspection} refuse the checkpoint with the same single line.
 */
class ChangedCheckpointTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final OpenOptions REFERENCE =
      OpenOptions.defaults().withBackend("reference").withCacheFormat(CacheFormat.F32);

  @TempDir Path folder;

  private Path copy(String fixture) throws IOException {
    Path source = Fixtures.fixture(fixture);
    Assumptions.assumeTrue(
        Files.isDirectory(source),
        "no fixture " + fixture + "; vesalius.fixtures names the folder that has it");
    return Fixtures.copy(fixture, folder);
  }

  private void edit(String file, Consumer<ObjectNode> change) throws IOException {
    Path path = folder.resolve(file);
    ObjectNode node = (ObjectNode) JSON.readTree(path.toFile());
    change.accept(node);
    JSON.writeValue(path.toFile(), node);
  }

  private void assertRefused(String... parts) {
    RuntimeException e =
        assertThrows(RuntimeException.class, () -> ChatModel.open(folder, REFERENCE).close());
    assertTrue(
        e instanceof ModelFormatException || e instanceof UnsupportedModelException, e::toString);
    String message = String.valueOf(e.getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), message + " does not name " + part);
    }
    assertFalse(message.contains("\n"), message);
    assertEquals(List.of(message), ModelInspection.inspect(folder).problems());
  }

  private void assertAnswers(String fixture, String name) {
    GoldenCase golden =
        Fixtures.cases(fixture).stream().filter(c -> c.name().equals(name)).findFirst().get();
    try (ChatModel model = ChatModel.open(folder, REFERENCE)) {
      assertEquals(
          golden.newTokenIds(), model.generate(golden.request().build()).tokenIds(), fixture);
    }
    assertEquals(List.of(), ModelInspection.inspect(folder).problems());
  }

  /** Transformers 5.12.1 ties nothing when the file has both matrices and they differ. */
  @Test
  void aStoredHeadCountsWhateverTheConfigSays() throws IOException {
    copy("qwen2_5_vl");
    edit("config.json", config -> config.put("tie_word_embeddings", true));
    assertAnswers("qwen2_5_vl", "square");
  }

  @Test
  void aTowersDefaultsMayBeLeftOut() throws IOException {
    copy("qwen2_5_vl");
    edit(
        "config.json",
        config ->
            config
                .withObject("/vision_config")
                .remove(
                    List.of(
                        "hidden_act",
                        "in_channels",
                        "patch_size",
                        "spatial_merge_size",
                        "temporal_patch_size")));
    assertAnswers("qwen2_5_vl", "square");
  }

  @ParameterizedTest
  @ValueSource(strings = {"merge_size", "patch_size", "temporal_patch_size"})
  void picturesMustBeCutAsTheTowerWants(String key) throws IOException {
    copy("qwen2_5_vl");
    edit("preprocessor_config.json", config -> config.put(key, 1));
    assertRefused("preprocessor_config.json", key, "found 1");
  }

  @Test
  void theImageTokenMustBeTheTokenizers() throws IOException {
    copy("qwen2_5_vl");
    edit("config.json", config -> config.put("image_token_id", 5));
    assertRefused("<|image_pad|>", "expected id 5", "found 997");
  }

  @Test
  void aTokenizerWithoutTheImageTokenIsOfAnotherModel() throws IOException {
    copy("qwen2_5_vl");
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, Files.readString(file).replace("<|image_pad|>", "<|image_gone|>"));
    assertRefused("tokenizer.json", "<|image_pad|>", "no such token");
  }

  @Test
  void aTemplateWithoutPicturesIsOfATextModel() throws IOException {
    copy("qwen2_5_vl");
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m['content'][-1]['text'] }}{% endfor %}");
    assertRefused("chat template", "<|image_pad|>");
  }

  @Test
  void aMissingTokenizerIsNamed() throws IOException {
    copy("qwen2");
    Files.delete(folder.resolve("tokenizer.json"));
    assertRefused("tokenizer.json", "no such file");
  }

  @Test
  void aTokenizerWithoutTheEndTokenIsOfAnotherModel() throws IOException {
    copy("qwen2");
    edit("generation_config.json", config -> config.put("eos_token_id", 70_000));
    assertRefused("tokenizer.json", "70000");
  }

  /** The text models of Gemma 3 share a tokenizer with an image token beyond their vocabulary. */
  @Test
  void gemmasImageTokenBeyondTheVocabularyIsRefusedOnlyInAPrompt() throws IOException {
    copy("gemma3_text");
    int[] vocabulary = new int[1];
    edit("config.json", config -> vocabulary[0] = config.get("vocab_size").asInt());
    edit(
        "tokenizer.json",
        tokenizer -> {
          ArrayNode added = tokenizer.withArray("/added_tokens");
          int next = tokenizer.withObject("/model/vocab").size();
          for (JsonNode token : added) {
            next = Math.max(next, token.get("id").asInt() + 1);
            if (token.get("content").asText().equals("<image_soft_token>")) {
              ((ObjectNode) token).put("content", "<image_hard_token>");
            }
          }
          for (int id = next; id <= vocabulary[0]; id++) {
            ObjectNode token = added.get(0).deepCopy();
            String content = id < vocabulary[0] ? "<more_" + id + ">" : "<image_soft_token>";
            added.add(token.put("id", id).put("content", content).put("special", true));
          }
        });
    assertAnswers("gemma3_text", Fixtures.cases("gemma3_text").getFirst().name());
    Files.writeString(folder.resolve("chat_template.jinja"), "<image_soft_token>");
    try (ChatModel model = ChatModel.open(folder, REFERENCE)) {
      ChatRequest request = ChatRequest.builder().user("x").maxTokens(1).build();
      String message =
          String.valueOf(
              assertThrows(IllegalArgumentException.class, () -> model.generate(request))
                  .getMessage());
      assertTrue(message.contains("<image_soft_token>"), message);
    }
  }

  @Test
  void aSlidingLayerWithoutUseOfWindowsIsAContradiction() throws IOException {
    copy("qwen2");
    edit(
        "config.json",
        config -> {
          config.put("use_sliding_window", false).put("sliding_window", 8);
          config.putArray("layer_types").add("sliding_attention").add("full_attention");
        });
    assertRefused("config.json", "use_sliding_window");
  }

  @Test
  void blocksThatTheConfigDoesNotCountAreNotIgnored() throws IOException {
    copy("gemma3");
    edit("config.json", config -> config.withObject("/vision_config").put("num_hidden_layers", 1));
    assertRefused("tensors have no place", "encoder.layers.1.");
  }

  @Test
  void gemmasPicturesMustFitTheTower() throws IOException {
    copy("gemma3");
    edit(
        "preprocessor_config.json",
        config -> config.putObject("size").put("height", 112).put("width", 112));
    assertRefused("preprocessor_config.json", "size", "6 by 6", "8 by 8");
  }

  @Test
  void gemmasProcessorMustCountAsTheModelDoes() throws IOException {
    copy("gemma3");
    edit("processor_config.json", config -> config.put("image_seq_length", 4));
    assertRefused("processor_config.json", "image_seq_length", "found 4");
  }

  @Test
  void gemmaIgnoresTheActivationKeyOfOthers() throws IOException {
    copy("gemma3");
    edit(
        "config.json",
        config ->
            config
                .withObject("/text_config")
                .put("hidden_act", "silu")
                .remove("hidden_activation"));
    assertAnswers("gemma3", "square");
  }

  @Test
  void tilesHaveNoClassToken() throws IOException {
    copy("small_llava_next");
    edit("config.json", config -> config.put("vision_feature_select_strategy", "full"));
    assertRefused("config.json", "vision_feature_select_strategy");
  }

  @Test
  void aWrongNumberOfExpertsIsRefused() throws IOException {
    copy("qwen3_vl_moe");
    edit("config.json", config -> config.withObject("/text_config").put("num_local_experts", 5));
    assertRefused("mlp.gate.weight", "[5, 44]", "[6, 44]");
  }

  /** An answer must not depend on how its prompt is cut; tokens of one image stay together. */
  @ParameterizedTest
  @ValueSource(strings = {"gemma3", "qwen2_5_vl", "qwen3_vl", "llava"})
  void chunksDoNotChangeTheAnswer(String fixture) {
    Path source = Fixtures.fixture(fixture);
    Assumptions.assumeTrue(Files.isDirectory(source), "no fixture " + fixture);
    for (int chunk : new int[] {1, 7, 64}) {
      try (ChatModel model = ChatModel.open(source, REFERENCE.withPrefillChunk(chunk))) {
        for (GoldenCase golden : Fixtures.cases(fixture)) {
          if (!golden.name().equals("long_text")) {
            assertEquals(
                golden.newTokenIds(),
                model.generate(golden.request().build()).tokenIds(),
                golden + " in chunks of " + chunk);
          }
        }
      }
    }
  }
}
