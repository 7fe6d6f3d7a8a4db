package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What single tokens write, against what whole texts decode to. */
class TokenBytesTest {
  private static final long SEED = 11;

  @Test
  void byteLevelTokensAreBytes() {
    Tokenizer tokenizer =
        parse(
            TokenizerFiles.bytesOnly(
                "null", TokenizerFiles.SMALL_BYTE_LEVEL, TokenizerFiles.added(256, "é e")));
    for (int b = 0; b < 256; b++) {
      assertArrayEquals(new byte[] {(byte) b}, tokenizer.tokenBytes(b));
    }
    assertArrayEquals("é e".getBytes(StandardCharsets.UTF_8), tokenizer.tokenBytes(256));
    assertNull(tokenizer.tokenBytes(257));
    assertNull(tokenizer.tokenBytes(-1));
  }

  @Test
  void byteFallbackTokensAreBytes() {
    String bytes =
        IntStream.range(0, 256)
            .mapToObj(b -> "\"<0x%02X>\":%d".formatted(b, b))
            .collect(Collectors.joining(","));
    Tokenizer tokenizer =
        parse(
            TokenizerFiles.tokenizer(
                "null",
                "null",
                "",
                "null",
                """
                {"type":"Sequence","decoders":[\
                {"type":"Replace","pattern":{"String":"\u2581"},"content":" "},\
                {"type":"ByteFallback"},{"type":"Fuse"},\
                {"type":"Strip","content":" ","start":1,"stop":0}]}\
                """,
                """
                {"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,\
                "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":true,\
                "vocab":{%s,"\u2581a\u2581":256,"肺":257},"merges":[]}\
                """
                    .formatted(bytes)));
    assertArrayEquals(new byte[] {(byte) 0xE8}, tokenizer.tokenBytes(0xE8));
    assertArrayEquals(" a ".getBytes(StandardCharsets.UTF_8), tokenizer.tokenBytes(256));
    assertArrayEquals("肺".getBytes(StandardCharsets.UTF_8), tokenizer.tokenBytes(257));
    assertArrayEquals(new byte[] {' '}, tokenizer.tokenBytes(0x20));
    // Only the beginning of a text differs.
    assertEquals("a  a ", tokenizer.decode(new int[] {256, 256}, false));
  }

  @Test
  void tokensWithoutBytesOfTheirOwnAreRefused() {
    Tokenizer words =
        parse(
            TokenizerFiles.tokenizer(
                "null",
                "null",
                "",
                "null",
                "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}",
                """
                {"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",\
                "max_input_chars_per_word":100,"vocab":{"[UNK]":0,"a":1}}\
                """));
    UnsupportedOperationException error =
        assertThrows(UnsupportedOperationException.class, () -> words.tokenBytes(1));
    assertTrue(String.valueOf(error.getMessage()).contains("WordPiece"), error.getMessage());
  }

  @Test
  void bytesOfSmallTokenizersAreTheirText() {
    for (Path file : TokenizerFiles.small()) {
      joined(Tokenizer.load(file), 500);
    }
    for (String family : List.of("small_gemma3", "small_llava", "small_mistral")) {
      joined(Tokenizer.load(TokenizerFiles.root().resolve("src/test/fixtures/" + family)), 500);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "gemma3", "llama2", "llama3_1", "phi-3-mini"})
  void bytesOfRealTokenizersAreTheirText(String name) throws IOException {
    joined(Tokenizer.parse(TokenizerFiles.real(name), name), 2_000);
  }

  /**
   * Texts that the tokenizer writes itself, and random ordinary tokens that are whole characters.
   */
  private static void joined(Tokenizer tokenizer, int count) {
    RandomText source = new RandomText(SEED);
    Random random = new Random(SEED);
    int compared = 0;
    for (int i = 0; i < count; i++) {
      int[] ids = tokenizer.encode(source.next(40));
      for (int k = 0; k < ids.length && i % 2 == 0; k++) {
        int other = random.nextInt(tokenizer.size());
        if (whole(tokenizer, ids[k]) && whole(tokenizer, other)) {
          ids[k] = other;
        }
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int id : ids) {
        byte[] bytes = tokenizer.tokenBytes(id);
        all.writeBytes(bytes == null ? new byte[0] : bytes);
      }
      String joined = all.toString(StandardCharsets.UTF_8);
      String decoded = tokenizer.decode(ids, false);
      String message = "text " + i + " of seed " + SEED;
      // Texts of the tokenizer are valid; an unknown token or U+FFFD in the source says nothing.
      if (!decoded.contains("\uFFFD")) {
        boolean dropped = joined.length() == decoded.length() + 1 && joined.startsWith(" ");
        assertEquals(decoded, dropped ? joined.substring(1) : joined, message);
        compared++;
      }
    }
    assertTrue(compared > count / 2, "compared " + compared + " of " + count);
  }

  private static boolean whole(Tokenizer tokenizer, int id) {
    byte[] bytes = tokenizer.tokenBytes(id);
    return bytes != null && !new String(bytes, StandardCharsets.UTF_8).contains("\uFFFD");
  }

  private static Tokenizer parse(String json) {
    return Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
  }
}
