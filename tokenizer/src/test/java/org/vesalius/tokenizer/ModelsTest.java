package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models by hand and on random texts of few letters against the reference. */
class ModelsTest {
  private static final long SEED = 37;

  private static final String UNIGRAM =
      "{\"type\":\"Unigram\",%s\"vocab\":[[\"<unk>\",0],[\"a\",-1],[\"b\",-1.5],[\"ab\",-2],"
          + "[\"abc\",-1.25],[\"▁\",-2],[\"▁a\",-2.5],[\"aa\",-2.0],[\"肺\",-3],[\"肺a\",-3.5]%s]}";

  private static String bytes(String entry) {
    return IntStream.range(0, 256)
        .mapToObj(b -> "," + entry.formatted(b))
        .collect(Collectors.joining());
  }

  private static String json(String preTokenizer, String model) {
    return TokenizerFiles.tokenizer("null", preTokenizer, "", "null", "null", model);
  }

  private static Tokenizer parse(String json) {
    return Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
  }

  private static int[] encode(String model, String text) {
    return parse(json("{\"type\":\"WhitespaceSplit\"}", model)).encode(text);
  }

  @Test
  void unigramByHand() {
    String model = UNIGRAM.formatted("\"unk_id\":0,", "");
    assertArrayEquals(new int[] {4}, encode(model, "abc"));
    // Of two ways with the same score the one that is found first stays: the longer token.
    assertArrayEquals(new int[] {7}, encode(model, "aa"));
    // c is unknown; with its neighbour it is one unknown token.
    assertArrayEquals(new int[] {1, 0, 2}, encode(model, "acxcb"));
    String fallback =
        UNIGRAM.formatted("\"unk_id\":0,\"byte_fallback\":true,", bytes("[\"<0x%02X>\",-9]"));
    assertArrayEquals(new int[] {1, 10 + 0xC3, 10 + 0xA9, 2}, encode(fallback, "aéb"));
  }

  @Test
  void wordPieceByHand() {
    String model =
        "{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
            + "\"max_input_chars_per_word\":6,\"vocab\":{\"[UNK]\":0,\"un\":1,\"##a\":2,\"##aff\":3,"
            + "\"##able\":4,\"u\":5,\"##n\":6}}";
    assertArrayEquals(new int[] {1, 3}, encode(model, "unaff"));
    assertArrayEquals(new int[] {1, 4, 1, 3, 2, 0}, encode(model, "unable unaffa unaffable"));
    assertArrayEquals(new int[] {0}, encode(model, "unx"));
    assertArrayEquals(new int[] {5, 2, 6}, encode(model, "uan"));
  }

  @Test
  void wordLevelByHand() {
    String model =
        "{\"type\":\"WordLevel\",\"unk_token\":\"?\",\"vocab\":{\"?\":0,\"lung\":1,\"肺\":2}}";
    assertArrayEquals(new int[] {1, 2, 0}, encode(model, "lung 肺 lungs"));
  }

  /** CLIP's way: the last symbol of a word is another than the same letter inside it. */
  @Test
  void affixesByHand() {
    String model =
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"?\":0,\"a\":1,"
            + "\"a</w>\":2,\"b\":3,\"b</w>\":4,\"ab</w>\":5,\"ab\":6},"
            + "\"merges\":[\"a b</w>\",\"a b\"]}";
    assertArrayEquals(new int[] {5, 6, 2, 0}, encode(model, "ab aba c"));
    String continuing =
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"?\":0,\"a\":1,"
            + "\"##a\":2,\"##b\":3,\"ab\":4,\"aba\":5},\"merges\":[\"a ##b\",\"ab ##a\"]}";
    assertArrayEquals(new int[] {5, 1, 2, 0}, encode(continuing, "aba aa b"));
  }

  static List<String> models() {
    String vocab =
        "\"?\":0,\"a\":1,\"b\":2,\"a</w>\":3,\"b</w>\":4,\"##a\":5,\"##b\":6,\"ab\":7,\"##ab\":8,"
            + "\"ba\":9,\"aba\":10,\"ab</w>\":11,\"▁\":12,\"▁a\":13,\"a▁\":14,\"##b</w>\":15,"
            + "\"ab▁\":16,\"肺\":17,\"##肺\":18,\"▁▁\":19,\"bb\":20";
    String bytes =
        bytes("\"<0x%02X>\":\u0000")
            .chars()
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
    StringBuilder numbered = new StringBuilder();
    int id = 21;
    for (int i = 0; i < bytes.length(); i++) {
      numbered.append(bytes.charAt(i) == 0 ? String.valueOf(id++) : bytes.charAt(i));
    }
    return List.of(
        UNIGRAM.formatted("\"unk_id\":0,", ""),
        UNIGRAM.formatted("\"unk_id\":3,", ""),
        UNIGRAM.formatted("\"unk_id\":0,\"byte_fallback\":true,", bytes("[\"<0x%02X>\",-9]")),
        UNIGRAM.formatted("\"unk_id\":0,\"byte_fallback\":true,", ",[\"<0xC3>\",-9]"),
        "{\"type\":\"WordPiece\",\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\","
            + "\"max_input_chars_per_word\":9,\"vocab\":{"
            + vocab
            + "}}",
        "{\"type\":\"WordPiece\",\"unk_token\":\"?\",\"continuing_subword_prefix\":\"\","
            + "\"max_input_chars_per_word\":100,\"vocab\":{"
            + vocab
            + "}}",
        "{\"type\":\"WordLevel\",\"unk_token\":\"?\",\"vocab\":{" + vocab + "}}",
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"fuse_unk\":true,\"vocab\":{"
            + vocab
            + "},\"merges\":[\"a b\",\"ab a\",\"▁ a\",\"a ▁\",\"ab ▁\"]}",
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"vocab\":{"
            + vocab
            + "},\"merges\":[\"▁ a\",\"b a\",\"a b\",\"▁ ▁\",\"b b\"]}",
        "{\"type\":\"BPE\",\"vocab\":{"
            + vocab
            + "},\"merges\":[\"a b\",\"ab a\",\"▁ a\",\"b b\"]}",
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"byte_fallback\":true,\"vocab\":{"
            + vocab
            + numbered
            + "},\"merges\":[\"▁ a\",\"b a\",\"▁ ▁\",\"b b\"]}",
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{"
            + vocab
            + "},\"merges\":[\"a b</w>\",\"a b\"]}",
        "{\"type\":\"BPE\",\"unk_token\":\"?\",\"continuing_subword_prefix\":\"##\","
            + "\"end_of_word_suffix\":\"</w>\",\"vocab\":{"
            + vocab
            + "},\"merges\":[\"a ##b\",\"a ##b</w>\",\"ab ##a\"]}");
  }

  @ParameterizedTest
  @MethodSource("models")
  void againstReference(String model) throws IOException {
    String[] letters = {"a", "b", "a", "b", "c", "▁", "▁", "肺", "é", " ", "👀", "ab"};
    Random random = new Random(SEED);
    for (String preTokenizer :
        List.of("null", "{\"type\":\"WhitespaceSplit\"}", TokenizerFiles.SMALL_BYTE_LEVEL)) {
      String json = json(preTokenizer, model);
      Tokenizer tokenizer = parse(json);
      try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
        for (int i = 0; i < 1_000; i++) {
          StringBuilder text = new StringBuilder();
          for (int k = random.nextInt(i % 10 == 0 ? 150 : 12); k > 0; k--) {
            text.append(letters[random.nextInt(letters.length)]);
          }
          assertArrayEquals(
              reference.encode(text.toString()),
              tokenizer.encode(text.toString()),
              model + " after " + preTokenizer + ", seed " + SEED + ": " + text);
        }
      }
    }
  }

  @Test
  void textWithoutAnyTokenIsRefused() {
    Tokenizer tokenizer = parse(json("null", UNIGRAM.formatted("", "")));
    assertArrayEquals(new int[] {3}, tokenizer.encode("ab"));
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("aéb"));
    assertTrue(String.valueOf(error.getMessage()).startsWith("U+00E9"), error.getMessage());
  }

  /** A megabyte without a space: anything quadratic would take minutes. */
  @ParameterizedTest
  @MethodSource("models")
  void aMegabyteInOnePiece(String model) {
    Tokenizer tokenizer = parse(json("null", model));
    String text = "abac▁ab".repeat(150_000);
    int[] ids = assertTimeoutPreemptively(Duration.ofSeconds(30), () -> tokenizer.encode(text));
    assertTrue(ids.length > 0 && ids.length <= text.length());
  }
}
