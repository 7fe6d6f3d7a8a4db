package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quick way to read a file against the one by a tree: the same tokenizer, the same error. */
class ModelScanTest {
  private static final long SEED = 41;

  private static final String FILE =
      "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":7,\"content\":\"<x>\",\"single_word\":false,"
          + "\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}],"
          + "\"normalizer\":null,\"pre_tokenizer\":null,\"post_processor\":null,\"decoder\":null,\n"
          + " \"model\": {\"type\":\"BPE\", \"unk_token\" : \"a\" , \"vocab\": {\"a\":0,\"b\" : 1,"
          + "\n  \"ab\":2, \"\\u00e9\\n\\\"\\\\\\/\":3,\"\u00e9\uD83D\uDE00\u4E2D\":4, \"ba\":5,"
          + " \"aba\":6},\"merges\":[\"a b\", \"b a\" ,\n[\"ab\" , \"a\"]]}}";

  private static final String TEXT = "abba bab<x> \u00e9\uD83D\uDE00\u4E2D aab abab";

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertSame(Tokenizer expected, Tokenizer found, String where) {
    assertEquals(expected.size(), found.size(), where);
    for (int id = -1; id <= expected.size(); id++) {
      String token = expected.token(id);
      assertEquals(token, found.token(id), where);
      if (token != null) {
        assertEquals(expected.id(token), found.id(token), where);
      }
    }
    assertArrayEquals(expected.encode(TEXT), found.encode(TEXT), where);
  }

  /** What became of a file: its tokens and some ids, or the error. */
  private static String outcome(byte[] json, boolean tree) {
    try {
      Tokenizer tokenizer =
          tree ? TokenizerJson.parseTree(json, "t.json") : TokenizerJson.parse(json, "t.json");
      StringBuilder all = new StringBuilder(Arrays.toString(tokenizer.encode(TEXT)));
      for (int id = 0; id < tokenizer.size(); id++) {
        all.append(' ').append(tokenizer.token(id));
      }
      return all.toString();
    } catch (TokenizerFormatException e) {
      return "refused: " + e.getMessage();
    }
  }

  @Test
  void theScanTakesTheFile() {
    ModelScan.Parts parts = ModelScan.of(utf8(FILE));
    assertNotNull(parts);
    assertEquals(7, parts.vocabulary.size());
    assertEquals("\u00e9\n\"\\/", parts.vocabulary.text(3));
    assertArrayEquals(new int[] {0, 1, 1, 0, 2, 0}, parts.pairs);
    String rest = new String(parts.rest, StandardCharsets.UTF_8);
    assertTrue(rest.contains("\"vocab\": {},\"merges\":[]}}"), rest);
    assertSame(
        TokenizerJson.parseTree(utf8(FILE), "t"), TokenizerJson.parse(utf8(FILE), "t"), FILE);
  }

  /** Rare or wrong: left to the tree. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a\":0 ~ \"a\":0.0",
        "\"a\":0 ~ \"a\":-0",
        "\"a\":0 ~ \"a\":00",
        "\"a\":0 ~ \"a\":\"0\"",
        "\"a\":0 ~ \"a\":1",
        "\"a\":0 ~ \"a\":9999999999",
        "\"a\":0 ~ \"a\":900000000",
        "\"a\":0 ~ \"a\":200000",
        "\"a\":0 ~ \"a\":0,\"a\":9",
        "\"a\":0 ~ \"\\u0061\":0,\"a\":9",
        "\"a\":0 ~ \"a\":0,",
        "\"a\":0 ~ \"\\x\":0",
        "\"a\":0 ~ \"\\u00g0\":0",
        "\"a b\" ~ \"a  b\"",
        "\"a b\" ~ \"ab\"",
        "\"a b\" ~ \"#version: 0.2\"",
        "\"a b\" ~ [\"a\"]",
        "\"a b\" ~ [\"a\",\"b\",\"a\"]",
        "\"a b\" ~ [\"a\" \"b\"]",
        "\"a b\" ~ \"a q\"",
        "\"a b\" ~ 7",
        "\"model\" ~ \"models\"",
        "\"vocab\" ~ \"vocabs\"",
      })
  void leavesTheRestToTheTree(String change) {
    String[] sides = change.split(" ~ ", -1);
    assertTrue(FILE.contains(sides[0]), change);
    byte[] json =
        utf8(FILE.replaceFirst(Pattern.quote(sides[0]), Matcher.quoteReplacement(sides[1])));
    assertNull(ModelScan.of(json), change);
    assertEquals(outcome(json, true), outcome(json, false), change);
  }

  /** A byte that is no UTF-8, an overlong form and half a pair are for the parser to judge. */
  @Test
  void bytesThatAreNotUtf8() {
    for (int[] bytes :
        new int[][] {{0xFF}, {0xC0, 0x80}, {0xED, 0xA0, 0x80}, {0xC3}, {0xF8, 0x88}, {0x80}, {9}}) {
      byte[] json = utf8(FILE.replaceFirst("\"ba\":", "\"" + "~".repeat(bytes.length) + "\":"));
      int at = new String(json, StandardCharsets.ISO_8859_1).indexOf('~');
      for (int i = 0; i < bytes.length; i++) {
        json[at + i] = (byte) bytes[i];
      }
      assertNull(ModelScan.of(json), Arrays.toString(bytes));
      assertEquals(outcome(json, true), outcome(json, false), Arrays.toString(bytes));
    }
  }

  /** Whatever happens to some bytes of a file, both ways come to the same. */
  @Test
  void damagedFiles() {
    Random random = new Random(SEED);
    byte[] good = utf8(FILE);
    String palette = "{}[]\",:\\ u0a1b9-#\n";
    int taken = 0;
    int refused = 0;
    for (int round = 0; round < 5_000; round++) {
      byte[] json = good.clone();
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(json.length);
        switch (random.nextInt(3)) {
          case 0 -> json[at] = (byte) palette.charAt(random.nextInt(palette.length()));
          case 1 -> json[at] = (byte) random.nextInt(256);
          default -> {
            byte[] shorter = Arrays.copyOf(json, json.length - 1);
            System.arraycopy(json, at + 1, shorter, at, json.length - at - 1);
            json = shorter;
          }
        }
      }
      taken += ModelScan.of(json) == null ? 0 : 1;
      String expected = outcome(json, true);
      refused += expected.startsWith("refused") ? 1 : 0;
      String context = "seed " + SEED + ", round " + round + ": ";
      assertEquals(expected, outcome(json, false), context);
    }
    assertTrue(taken > 300 && refused > 300, taken + " taken, " + refused + " refused");
  }

  @Test
  void realFiles() throws IOException {
    for (Path file : TokenizerFiles.small()) {
      byte[] json = TokenizerFiles.read(file);
      assertNotNull(ModelScan.of(json), file.toString());
      assertSame(
          TokenizerJson.parseTree(json, "t"), TokenizerJson.parse(json, "t"), file.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"qwen2.5", "gemma3", "llama3_1", "phi-3-mini", "all-minilm-l6-v2", "clip"})
  void publishedFiles(String name) throws IOException {
    byte[] json = TokenizerFiles.real(name);
    assertNotNull(ModelScan.of(json), name);
    assertSame(TokenizerJson.parseTree(json, "t"), TokenizerJson.parse(json, "t"), name);
  }
}
