package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids that were written down from the reference implementations. */
class GoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Prompts of the golden fixtures; an image placeholder appears many times in the ids of a prompt
   * with images.
   */
  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen2_5_vl", "qwen3"})
  void fixturePrompts(String family) throws IOException {
    Path folder = TokenizerFiles.root().resolve("src/test/fixtures").resolve(family);
    Tokenizer tokenizer = Tokenizer.load(folder);
    int cases = 0;
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder.resolve("cases"), "*.json")) {
      for (Path file : files) {
        JsonNode golden = JSON.readTree(Files.readAllBytes(file));
        int[] expected = ints(golden.get("input_ids"));
        int image = tokenizer.id("<|image_pad|>").orElse(-1);
        int[] found = tokenizer.encode(golden.get("prompt").textValue());
        assertArrayEquals(
            withoutRepeats(expected, image), withoutRepeats(found, image), file.toString());
        assertEquals(
            golden.get("new_text").textValue(),
            tokenizer.decode(ints(golden.get("new_token_ids")), true),
            file.toString());
        cases++;
      }
    }
    assertTrue(cases >= 4, cases + " cases in " + folder);
  }

  /**
   * Prompts of every family's golden fixture: those without images word for word. The template of
   * LLaVA writes no beginning-of-sequence token, so the tokenizer adds it.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gemma3",
        "gemma3_text",
        "llama",
        "llava",
        "mistral",
        "qwen2",
        "qwen2_5_vl",
        "qwen2_vl",
        "qwen3",
        "qwen3_moe",
        "qwen3_vl",
        "qwen3_vl_moe",
        "seed_oss"
      })
  void everyFamily(String family) throws IOException {
    Path folder = TokenizerFiles.fixture(family);
    Tokenizer tokenizer = Tokenizer.load(folder);
    EncodeOptions options = new EncodeOptions(family.equals("llava"), AddedTokenFilter.ALL);
    int prompts = 0;
    int texts = 0;
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder.resolve("cases"), "*.json")) {
      for (Path file : files) {
        JsonNode golden = JSON.readTree(Files.readAllBytes(file));
        if (golden.path("images").isEmpty()) {
          assertArrayEquals(
              ints(golden.get("input_ids")),
              tokenizer.encode(golden.get("prompt").textValue(), options),
              file.toString());
          prompts++;
        }
        assertEquals(
            golden.get("new_text").textValue(),
            tokenizer.decode(ints(golden.get("new_token_ids")), true),
            file.toString());
        texts++;
      }
    }
    assertTrue(prompts >= 1 && texts >= 3, prompts + " and " + texts + " cases in " + folder);
  }

  /** Every line of the golden vectors: ids of a text, and the text of those ids. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "all-minilm-l6-v2",
        "clip",
        "gemma3",
        "llama2",
        "llama3_1",
        "phi-3-mini",
        "qwen3",
        "roberta-base",
        "t5-small"
      })
  void corpus(String name) throws IOException {
    Tokenizer tokenizer = Tokenizer.parse(TokenizerFiles.real(name), name);
    JsonNode corpus =
        JSON.readTree(TokenizerFiles.read(TokenizerFiles.asset("golden-tokenizer/corpus.json.gz")));
    List<String> lines =
        new String(
                TokenizerFiles.read(TokenizerFiles.asset("golden-tokenizer/" + name + ".jsonl.gz")),
                StandardCharsets.UTF_8)
            .lines()
            .toList();
    assertEquals(corpus.size(), lines.size());
    for (String line : lines) {
      JsonNode golden = JSON.readTree(line);
      int[] ids = ints(golden.get("ids"));
      String text = corpus.get(golden.get("i").intValue()).textValue();
      assertArrayEquals(ids, tokenizer.encode(text), DifferentialTest.escaped(text));
      String decoded = golden.has("dec") ? golden.get("dec").textValue() : text;
      assertEquals(decoded, tokenizer.decode(ids, false), line);
    }
  }

  @Test
  void ggmlVectors() throws IOException {
    Tokenizer tokenizer = Tokenizer.parse(TokenizerFiles.qwen3(), "qwen3");
    String name = "llamacpp-vocab-vectors/ggml-vocab-qwen2.gguf";
    String[] texts =
        Files.readString(TokenizerFiles.asset(name + ".inp")).split("\n__ggml_vocab_test__\n", -1);
    List<String> lines = Files.readAllLines(TokenizerFiles.asset(name + ".out"));
    // The last text is followed by a separator and nothing.
    assertEquals(lines.size(), texts.length - 1);
    for (int i = 0; i < lines.size(); i++) {
      int[] expected =
          Arrays.stream(lines.get(i).trim().split(" "))
              .filter(id -> !id.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      assertArrayEquals(expected, tokenizer.encode(texts[i]), DifferentialTest.escaped(texts[i]));
    }
  }

  private static int[] withoutRepeats(int[] ids, int repeated) {
    IntList kept = new IntList(ids.length);
    for (int i = 0; i < ids.length; i++) {
      if (i == 0 || ids[i] != repeated || ids[i - 1] != repeated) {
        kept.add(ids[i]);
      }
    }
    return kept.toArray();
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).intValue();
    }
    return values;
  }
}
