package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The tokenizer as a whole: cases by hand, options of the model, post-processors, threads. */
class TokenizerTest {
  private static final long SEED = 17;

  private static Tokenizer parse(String json) {
    return Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
  }

  /** Bytes and the merges h+e, l+l, he+ll, hell+o; "hello!" is a token that no merge leads to. */
  private static String hello(String options, String merges) {
    return TokenizerFiles.tokenizer(
        "null",
        TokenizerFiles.SMALL_BYTE_LEVEL,
        "",
        "null",
        TokenizerFiles.SMALL_BYTE_LEVEL,
        "{\"type\":\"BPE\",%s\"vocab\":{%s,\"he\":256,\"ll\":257,\"hell\":258,\"hello\":259,\"hello!\":260},\"merges\":%s}"
            .formatted(options, TokenizerFiles.byteVocabulary(), merges));
  }

  private static final String PAIRS =
      "[[\"h\",\"e\"],[\"l\",\"l\"],[\"he\",\"ll\"],[\"hell\",\"o\"]]";
  private static final String LINES = "[\"#version: 0.2\",\"h e\",\"l l\",\"he ll\",\"hell o\"]";

  @Test
  void mergesByHand() {
    for (String merges : List.of(PAIRS, LINES)) {
      Tokenizer tokenizer = parse(hello("", merges));
      assertArrayEquals(new int[] {259}, tokenizer.encode("hello"));
      assertArrayEquals(new int[] {259, '!'}, tokenizer.encode("hello!"));
      assertArrayEquals(new int[] {256, 'l', 'o', 'h', 257}, tokenizer.encode("helohll"));
      assertArrayEquals(new int[] {}, tokenizer.encode(""));
      assertEquals("hello!", tokenizer.decode(new int[] {258, 'o', '!'}, false));
    }
  }

  @Test
  void ignoreMergesTakesAWholePieceThatIsAToken() throws IOException {
    String json = hello("\"ignore_merges\":true,", PAIRS);
    Tokenizer tokenizer = parse(json);
    assertArrayEquals(new int[] {260}, tokenizer.encode("hello!"));
    assertArrayEquals(new int[] {259, '!', '!'}, tokenizer.encode("hello!!"));
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (String text : List.of("hello!", "hello!!", "hello", "ll", "é")) {
        assertArrayEquals(reference.encode(text), tokenizer.encode(text), text);
      }
    }
  }

  /**
   * Without ByteLevel the symbols are code points; those without a token are unknown, or their
   * bytes.
   */
  @Test
  void codePointSymbolsAgainstReference() throws IOException {
    List<String> byteTokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      byteTokens.add("\"<0x%02X>\":%d".formatted(b, 10 + b));
    }
    String plain =
        "\"<unk>\":0,\"a\":1,\"b\":2,\"肺\":3,\"ab\":4,\"👀\":5,\"<pad1>\":6,\"<pad2>\":7,\"<pad3>\":8,\"<pad4>\":9";
    for (String options :
        List.of(
            "\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":false",
            "\"unk_token\":\"<unk>\",\"fuse_unk\":false,\"byte_fallback\":false",
            "\"unk_token\":null,\"fuse_unk\":false,\"byte_fallback\":false",
            "\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true")) {
      String json =
          TokenizerFiles.tokenizer(
              "null",
              TokenizerFiles.split(" ", "Removed", false),
              "",
              "null",
              "null",
              "{\"type\":\"BPE\",\"dropout\":null,\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,%s,\"vocab\":{%s,%s},\"merges\":[[\"a\",\"b\"]]}"
                  .formatted(options, plain, String.join(",", byteTokens)));
      Tokenizer tokenizer = parse(json);
      try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
        for (String text : List.of("abab 肺a", "xyabz 👀xx", "é", "a é肺 éé ab", "")) {
          int[] ids = tokenizer.encode(text);
          assertArrayEquals(reference.encode(text), ids, text + " with " + options);
          assertEquals(reference.decode(ids, false), tokenizer.decode(ids, false), options);
        }
      }
    }
  }

  @Test
  void postProcessorsAddTheirTokensOnlyWhenAsked() throws IOException {
    String template =
        """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},\
        {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],\
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],\
        "special_tokens":{"<s>":{"id":"<s>","ids":[256],"tokens":["<s>"]},\
        "</s>":{"id":"</s>","ids":[257,256],"tokens":["</s>","<s>"]}}}\
        """;
    String sequence =
        "{\"type\":\"Sequence\",\"processors\":[{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":false,\"use_regex\":true},"
            + template
            + "]}";
    for (String postProcessor : List.of(template, sequence)) {
      String json =
          TokenizerFiles.bytesOnly(
              "null",
              TokenizerFiles.SMALL_BYTE_LEVEL,
              TokenizerFiles.added(256, "<s>", "special")
                  + ","
                  + TokenizerFiles.added(257, "</s>", "special"),
              postProcessor);
      Tokenizer tokenizer = parse(json);
      EncodeOptions special = new EncodeOptions(true, AddedTokenFilter.ALL);
      assertArrayEquals(new int[] {256, 'a', 257, 256}, tokenizer.encode("a", special));
      assertArrayEquals(new int[] {256, 257, 256}, tokenizer.encode("", special));
      assertArrayEquals(new int[] {'a'}, tokenizer.encode("a"));
      try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
        assertArrayEquals(reference.encode("a<s>b", true), tokenizer.encode("a<s>b", special));
      }
    }
  }

  @Test
  void halfASurrogatePairIsReadAsReplacementCharacter() {
    Tokenizer tokenizer = Tokenizer.load(TokenizerFiles.demo());
    for (String half :
        List.of("\ud83d", "\udc40", "a\ud83d", "\udc40\ud83d", "\ud83d\ud83d\udc40")) {
      String text = "x" + half + " y";
      StringBuilder repaired = new StringBuilder();
      text.codePoints()
          .forEach(c -> repaired.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
      assertArrayEquals(tokenizer.encode(repaired.toString()), tokenizer.encode(text));
    }
  }

  /** Piece memory is shared: many threads must get what one gets, also while it overflows. */
  @Test
  void manyThreadsGetTheSameIds() throws IOException, InterruptedException, ExecutionException {
    Tokenizer shared = Tokenizer.load(TokenizerFiles.demo());
    RandomText source = new RandomText(SEED);
    List<String> texts = new ArrayList<>();
    List<int[]> expected = new ArrayList<>();
    Tokenizer alone = Tokenizer.load(TokenizerFiles.demo());
    for (int i = 0; i < 2_000; i++) {
      texts.add(source.next(200));
      expected.add(alone.encode(texts.getLast()));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> runs = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int step = new int[] {1, 3, 7, 11}[t];
        runs.add(
            threads.submit(() -> {
              for (int i = 0; i < texts.size(); i++) {
                int k = (int) ((long) i * step % texts.size());
                assertArrayEquals(expected.get(k), shared.encode(texts.get(k)), "text " + k);
              }
            }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
  }

  /** A newcomer takes an old piece's place: more pieces than places, twice the same answers. */
  @Test
  void pieceMemoryOverflows() {
    Tokenizer tokenizer = Tokenizer.load(TokenizerFiles.demo());
    RandomText source = new RandomText(SEED);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2 * PieceCache.PLACES; i++) {
      text.append(' ')
          .append(Integer.toString(source.random().nextInt(1 << 30), 36).replaceAll("\\d", "q"));
    }
    int[] first = tokenizer.encode(text.toString());
    assertArrayEquals(first, tokenizer.encode(text.toString()));
    assertEquals(text.toString(), tokenizer.decode(first, false));
  }
}
