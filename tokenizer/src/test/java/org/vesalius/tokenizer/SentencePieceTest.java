package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** tokenizer.model files: small ones made here, hostile ones, and that of Llama 2. */
class SentencePieceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SEED = 41;
  private static final int UNIGRAM = 1;
  private static final int BPE = 2;

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] varint(long value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (value >>> 7 != 0) {
      out.write((int) ((value & 0x7F) | 0x80));
      value >>>= 7;
    }
    out.write((int) value);
    return out.toByteArray();
  }

  private static byte[] number(int field, long value) {
    return join(varint((long) field << 3), varint(value));
  }

  private static byte[] block(int field, byte[] content) {
    return join(varint((field << 3) | 2), varint(content.length), content);
  }

  private static byte[] piece(String text, float score, int type) {
    int bits = Float.floatToIntBits(score);
    byte[] fixed = {(byte) bits, (byte) (bits >> 8), (byte) (bits >> 16), (byte) (bits >> 24)};
    return block(
        1,
        join(
            block(1, text.getBytes(StandardCharsets.UTF_8)),
            varint((2 << 3) | 5),
            fixed,
            type == 1 ? new byte[0] : number(3, type)));
  }

  private static byte[] model(int type) {
    return join(
        piece("<unk>", 0, 2),
        piece("<s>", 0, 3),
        piece("</s>", 0, 3),
        join(
            IntStream.range(0, 256)
                .mapToObj(b -> piece("<0x%02X>".formatted(b), 0, 6))
                .toArray(byte[][]::new)),
        piece("▁a", -1, 1),
        piece("ab", -2, 1),
        piece("▁ab", -3, 1),
        piece("▁", -4, 1),
        piece("a", -5, 1),
        piece("b", -6, 1),
        piece("肺", -7, 1),
        block(2, join(number(3, type), number(35, 1))),
        block(3, join(number(3, 1), number(4, 0))));
  }

  private static Tokenizer parse(byte[] model, String config) {
    return SentencePieceModel.tokenizer(
        model, "tokenizer.model", config.getBytes(StandardCharsets.UTF_8), "config");
  }

  @Test
  void bytePairs() {
    Tokenizer tokenizer = parse(model(BPE), "{}");
    // Of ▁a, ab and ▁ab the best score is merged first.
    assertArrayEquals(new int[] {261}, tokenizer.encode("ab"));
    assertArrayEquals(new int[] {259, 259}, tokenizer.encode("a a"));
    assertArrayEquals(new int[] {262, 265, 3 + 0xC3, 3 + 0xA9}, tokenizer.encode("肺é"));
    assertArrayEquals(
        new int[] {1, 261}, tokenizer.encode("ab", new EncodeOptions(true, AddedTokenFilter.ALL)));
    assertArrayEquals(new int[] {1, 261}, tokenizer.encode("<s>ab"));
    assertEquals("ab a肺é", tokenizer.decode(tokenizer.encode("ab a肺é"), true));
  }

  @Test
  void unigram() {
    Tokenizer tokenizer = parse(model(UNIGRAM), "{\"add_eos_token\":true}");
    assertArrayEquals(new int[] {261}, tokenizer.encode("ab"));
    assertArrayEquals(
        new int[] {261, 2}, tokenizer.encode("ab", new EncodeOptions(true, AddedTokenFilter.ALL)));
    assertEquals("肺 ab", tokenizer.decode(tokenizer.encode("肺 ab"), true));
  }

  @Test
  void configAddsTokens(@TempDir Path folder) throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model(BPE));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"add_bos_token":false,"added_tokens_decoder":{"266":{"content":"<image>","special":true},\
        "267":{"content":"<pad>","rstrip":true}}}\
        """);
    Tokenizer tokenizer = Tokenizer.load(folder);
    assertEquals(OptionalInt.of(266), tokenizer.id("<image>"));
    assertArrayEquals(
        new int[] {266, 261, 267, 259},
        tokenizer.encode("<image>ab<pad> a", new EncodeOptions(true, AddedTokenFilter.ALL)));
    assertEquals("ab<pad> a", tokenizer.decode(tokenizer.encode("<image>ab<pad> a"), true));
    // A tokenizer.json beside it is the one that is read.
    Files.writeString(
        folder.resolve("tokenizer.json"),
        TokenizerFiles.bytesOnly("null", TokenizerFiles.SMALL_BYTE_LEVEL, ""));
    assertEquals(256, Tokenizer.load(folder).size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"added_tokens_decoder":{"300":{"content":"<x>"}}} | added_tokens
          {"added_tokens_decoder":{"x":{"content":"<x>"}}} | added_tokens_decoder.x
          {"bos_token":"<bos>"} | pieces
          """)
  void badConfigIsRefused(String config, String place) {
    TokenizerFormatException error =
        assertThrows(TokenizerFormatException.class, () -> parse(model(BPE), config));
    assertTrue(String.valueOf(error.getMessage()).contains(place), error.getMessage());
  }

  @Test
  void badModelsAreRefused() {
    byte[] good = model(BPE);
    for (byte[] bad :
        List.of(
            new byte[0],
            join(good, block(2, number(3, 3))),
            join(good, block(2, number(24, 1))),
            join(good, block(3, number(5, 0))),
            join(good, block(3, block(2, new byte[] {1, 2, 3}))),
            join(good, block(5, block(2, new byte[] {1}))),
            join(good, piece("", 0, 1)),
            join(good, piece("a", 0, 1)),
            join(good, piece("x".repeat(1000), 0, 1)),
            join(good, piece("x", Float.NaN, 1)),
            join(good, piece("x", 0, 5)),
            join(good, new byte[] {0x0A, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F}),
            join(good, new byte[] {0x0B}),
            join(good, block(1, block(1, new byte[] {(byte) 0xFF}))))) {
      TokenizerFormatException error =
          assertThrows(TokenizerFormatException.class, () -> parse(bad, "{}"));
      assertTrue(
          String.valueOf(error.getMessage()).startsWith("tokenizer.model: "), error.getMessage());
    }
  }

  /** Whatever the bytes are, they are read or refused, never anything else. */
  @Test
  void brokenBytesAreReadOrRefused() {
    byte[] good = model(BPE);
    Random random = new Random(SEED);
    int refused = 0;
    for (int i = 0; i < 2_000; i++) {
      byte[] bad = Arrays.copyOf(good, i % 2 == 0 ? random.nextInt(good.length) : good.length);
      for (int k = random.nextInt(4); k > 0 && bad.length > 0; k--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      try {
        SentencePieceModel.tokenizer(bad, "tokenizer.model", null, "config");
      } catch (TokenizerFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 1_000, refused + " refused with seed " + SEED);
  }

  /**
   * Llama 2: the same ids as the tokenizer.json of Phi-3, which has the same vocabulary, on every
   * golden line without one of Phi-3's own tokens.
   */
  @Test
  void llama2Corpus() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TokenizerFiles.asset("tokenizers/llama2/tokenizer.model"));
    Tokenizer phi = Tokenizer.parse(TokenizerFiles.real("phi-3-mini"), "phi-3-mini");
    assertEquals(32_000, tokenizer.size());
    JsonNode corpus =
        JSON.readTree(TokenizerFiles.read(TokenizerFiles.asset("golden-tokenizer/corpus.json.gz")));
    List<String> lines =
        new String(
                TokenizerFiles.read(TokenizerFiles.asset("golden-tokenizer/phi-3-mini.jsonl.gz")),
                StandardCharsets.UTF_8)
            .lines()
            .toList();
    int compared = 0;
    for (String line : lines) {
      JsonNode golden = JSON.readTree(line);
      String text = corpus.get(golden.get("i").intValue()).textValue();
      if (phi.addedTokens().stream().noneMatch(token -> text.contains(token.content()))) {
        int[] ids = JSON.convertValue(golden.get("ids"), int[].class);
        assertArrayEquals(ids, tokenizer.encode(text), DifferentialTest.escaped(text));
        assertEquals(
            golden.has("dec") ? golden.get("dec").textValue() : text,
            tokenizer.decode(ids, false),
            line);
        compared++;
      }
    }
    assertTrue(compared > 1_800, compared + " lines");
  }

  /** The vectors of llama.cpp for the same file. */
  @Test
  void llama2Vectors() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TokenizerFiles.asset("tokenizers/llama2/tokenizer.model"));
    String name = "llamacpp-vocab-vectors/ggml-vocab-llama-spm.gguf";
    String[] texts =
        Files.readString(TokenizerFiles.asset(name + ".inp")).split("\n__ggml_vocab_test__\n", -1);
    List<String> lines = Files.readAllLines(TokenizerFiles.asset(name + ".out"));
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
}
