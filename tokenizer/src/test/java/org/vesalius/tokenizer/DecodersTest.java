package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoders, at once and streamed, by hand and against the reference. */
class DecodersTest {
  private static final long SEED = 31;

  private static final List<String> TOKENS =
      List.of(
          "[UNK]",
          "a",
          "▁",
          "▁▁b",
          "▁the",
          " ",
          "  ",
          "x  ",
          "<0xE8>",
          "<0x82>",
          "<0xba>",
          "<0xFF>",
          "<0x41>",
          "<0x4>",
          "<0xZZ>",
          "##ing",
          "##",
          "un",
          ".",
          "!",
          ",",
          "'",
          "n't",
          "do not",
          "'s",
          "'re",
          "do",
          "not",
          "hello</w>",
          "</w>",
          "</w>x</w>y",
          "<pad>",
          "|",
          "a|b",
          "<pad>|",
          "肺",
          "👀",
          "é",
          "Ġthe",
          "è",
          "Ĥº",
          "ab",
          "bab",
          "b",
          "aba");

  private static String json(String decoder) {
    StringBuilder vocab = new StringBuilder();
    for (int i = 0; i < TOKENS.size(); i++) {
      vocab.append(i == 0 ? "" : ",").append('"').append(TOKENS.get(i)).append("\":").append(i);
    }
    return TokenizerFiles.tokenizer(
        "null",
        "{\"type\":\"WhitespaceSplit\"}",
        TokenizerFiles.added(TOKENS.size(), "<s>", "special")
            + ","
            + TokenizerFiles.added(TOKENS.size() + 1, "<unused94>", "special")
            + ","
            + TokenizerFiles.added(TOKENS.size() + 2, "▁ add"),
        "null",
        decoder,
        "{\"type\":\"WordLevel\",\"unk_token\":\"[UNK]\",\"vocab\":{" + vocab + "}}");
  }

  private static Tokenizer parse(String decoder) {
    return Tokenizer.parse(json(decoder).getBytes(StandardCharsets.UTF_8), "test");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\"} ~ ▁▁b ▁▁b a ~ `b  ba`",
        "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"never\"} ~ ▁▁b a ~ `  ba`",
        "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true} ~ un ##ing do n't . ~ `uning don't.`",
        "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false} ~ un ##ing . ~ `uning .`",
        "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"} ~ hello</w> a hello</w> ~ `hello ahello`",
        "{\"type\":\"ByteFallback\"} ~ a <0xE8> <0x82> <0xba> <0xE8> a <0xFF> ~ `a����a�`",
        "{\"type\":\"ByteFallback\"} ~ a <0xE8> <0x82> <0xba> a ~ a肺a",
        "{\"type\":\"CTC\",\"pad_token\":\"<pad>\",\"word_delimiter_token\":\"|\",\"cleanup\":true} ~ a a <pad> a ab ~ aaab",
        "{\"type\":\"Strip\",\"content\":\"a\",\"start\":1,\"stop\":1} ~ aba bab ab ~ bbabb",
        "{\"type\":\"Fuse\"} ~ a b ~ ab",
        "null ~ a b ~ a b"
      })
  void byHand(String row) {
    String[] cells = row.split(" ~ ", -1);
    Tokenizer tokenizer = parse(cells[0]);
    int[] ids =
        Arrays.stream(cells[1].split(" ")).mapToInt(t -> tokenizer.id(t).orElseThrow()).toArray();
    String expected = cells[2].replace("`", "");
    assertEquals(expected, tokenizer.decode(ids, true), row);
    assertEquals(expected, String.join("", streamed(tokenizer, ids, true)), row);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{\"type\":\"Fuse\"}",
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}",
        "{\"type\":\"ByteFallback\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"never\"}",
        "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}",
        "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}",
        "{\"type\":\"CTC\",\"pad_token\":\"<pad>\",\"word_delimiter_token\":\"|\",\"cleanup\":true}",
        "{\"type\":\"CTC\",\"pad_token\":\"<pad>\",\"word_delimiter_token\":\"|\",\"cleanup\":false}",
        "{\"type\":\"Strip\",\"content\":\"a\",\"start\":1,\"stop\":0}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"[ab]+\"},\"content\":\"-\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"ab\"},\"content\":\"\"}",
        "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},"
            + "\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
            + "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}",
        "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"Replace\","
            + "\"pattern\":{\"String\":\"ab\"},\"content\":\"ba\"},"
            + "{\"type\":\"Strip\",\"content\":\"a\",\"start\":2,\"stop\":0}]}",
        "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"WordPiece\","
            + "\"prefix\":\"##\",\"cleanup\":true}]}",
        "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"WordPiece\",\"prefix\":\"##\","
            + "\"cleanup\":false},{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"^ \"},"
            + "\"content\":\"_\"}]}",
        "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteFallback\"},{\"type\":\"Metaspace\","
            + "\"replacement\":\"▁\",\"prepend_scheme\":\"first\"}]}"
      })
  void againstReference(String decoder) throws IOException {
    Tokenizer tokenizer = parse(decoder);
    Random random = new Random(SEED);
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json(decoder))) {
      for (int i = 0; i < 1_500; i++) {
        int[] ids = random.ints(random.nextInt(9), 0, TOKENS.size() + 4).toArray();
        boolean skip = i % 2 == 0;
        String message = decoder + ", seed " + SEED + ": " + Arrays.toString(ids);
        String decoded = tokenizer.decode(ids, skip);
        assertEquals(reference.decode(ids, skip), decoded, message);
        assertEquals(decoded, String.join("", streamed(tokenizer, ids, skip)), message);
      }
    }
  }

  /** The last word's mark depends on what follows; the reference cannot decode no tokens at all. */
  @Test
  void bpeAgainstReference() throws IOException {
    String decoder = "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}";
    Tokenizer tokenizer = parse(decoder);
    Random random = new Random(SEED);
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json(decoder))) {
      for (int i = 0; i < 1_500; i++) {
        int[] ids = random.ints(1 + random.nextInt(8), 0, TOKENS.size()).toArray();
        String message = "seed " + SEED + ": " + Arrays.toString(ids);
        String decoded = tokenizer.decode(ids, false);
        assertEquals(reference.decode(ids, false), decoded, message);
        assertEquals(decoded, String.join("", streamed(tokenizer, ids, false)), message);
      }
    }
    assertEquals("", tokenizer.decode(new int[0], false));
  }

  @Test
  void piecesComeAsSoonAsTheyAreSure() {
    Tokenizer llama =
        parse(
            "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},"
                + "\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
                + "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}");
    int[] ids =
        List.of("▁the", "▁the", "<0xE8>", "<0x82>", "<0xba>", "a", "▁").stream()
            .mapToInt(t -> llama.id(t).orElseThrow())
            .toArray();
    assertEquals(List.of("the", " the", "", "", "", "肺a", " ", ""), streamed(llama, ids, true));
    Tokenizer words = parse("{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}");
    assertEquals(
        List.of("hello", " a", ""),
        streamed(
            words,
            new int[] {words.id("hello</w>").orElseThrow(), words.id("a").orElseThrow()},
            true));
  }

  @Test
  void someSpecialTokensAreKept() {
    Tokenizer tokenizer = parse("{\"type\":\"Fuse\"}");
    int start = tokenizer.id("<s>").orElseThrow();
    int thinking = tokenizer.id("<unused94>").orElseThrow();
    int[] ids = {start, thinking, 1, start};
    assertEquals("a", tokenizer.decode(ids, true));
    StreamingDecoder stream = tokenizer.streamingDecoder(true, Set.of(thinking));
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.append(id));
    }
    assertEquals("<unused94>a", text + stream.finish());
  }

  private static List<String> streamed(Tokenizer tokenizer, int[] ids, boolean skip) {
    StreamingDecoder stream = tokenizer.streamingDecoder(skip);
    List<String> parts = new ArrayList<>();
    for (int id : ids) {
      parts.add(stream.append(id));
    }
    parts.add(stream.finish());
    return parts;
  }
}
