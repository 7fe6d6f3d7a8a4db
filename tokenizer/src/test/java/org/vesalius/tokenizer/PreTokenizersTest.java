package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces of the pre-tokenizers, by hand and against the reference. */
class PreTokenizersTest {
  private static final long SEED = 29;

  private static String json(String normalizer, String preTokenizer) {
    return TokenizerFiles.bytesOnly(
        normalizer,
        TokenizerFiles.sequence(preTokenizer, TokenizerFiles.SMALL_BYTE_LEVEL),
        TokenizerFiles.added(256, "<x>") + "," + TokenizerFiles.added(257, "yy", "normalized"));
  }

  private static Tokenizer parse(String json) {
    return Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":true} | `ab  c ` | _ab,_,_c,_
          {"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":true} | a b | _a,_b
          {"type":"Metaspace","replacement":"_","prepend_scheme":"never","split":true} | a b | a,_b
          {"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":false} | a b | _a_b
          {"type":"Metaspace","replacement":"_","add_prefix_space":true,"str_rep":"_"} | ` a b` | _a,_b
          {"type":"Metaspace","replacement":"_","add_prefix_space":false} | a b | a,_b
          {"type":"BertPreTokenizer"} | `it's  $5.` | it,',s,$,5,.
          {"type":"Whitespace"} | `it's  $5.5` | it,',s,$,5,.,5
          {"type":"WhitespaceSplit"} | ` it's\t$5. ` | it's,$5.
          {"type":"Punctuation"} | it's. | it,',s,.
          {"type":"Punctuation","behavior":"MergedWithPrevious"} | it's. | it',s.
          {"type":"CharDelimiterSplit","delimiter":"-"} | a--b-c | a,b,c
          {"type":"FixedLength","length":2} | abcde | ab,cd,e
          {"type":"FixedLength"} | abcdefg | abcde,fg
          {"type":"UnicodeScripts"} | `abc かカ漢ー x` | abc ,かカ漢ー ,x
          """)
  void byHand(String preTokenizer, String text, String pieces) {
    String json = TokenizerFiles.bytesOnly("null", preTokenizer, "");
    assertEquals(List.of(pieces.split(",", -1)), parse(json).pieces(text), preTokenizer);
  }

  /** The mark goes before the first character of all the text, wherever sections start. */
  @Test
  void firstMeansTheStartOfTheText() {
    Tokenizer tokenizer =
        parse(
            json(
                "null",
                "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\"}"));
    assertArrayEquals(new int[] {'_', 'a', 256, 'b', '_', 'c'}, tokenizer.encode("a<x>b c"));
    assertArrayEquals(new int[] {256, 'b'}, tokenizer.encode("<x>b"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"always\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"first\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"first\",\"split\":false}",
        "{\"type\":\"Metaspace\",\"replacement\":\"\ud83e\udec0\",\"prepend_scheme\":\"never\"}",
        "{\"type\":\"Metaspace\",\"replacement\":\"a\",\"prepend_scheme\":\"always\"}",
        "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},{\"type\":\"Metaspace\","
            + "\"replacement\":\"\u2581\",\"prepend_scheme\":\"first\"}]}",
        "{\"type\":\"BertPreTokenizer\"}",
        "{\"type\":\"Whitespace\"}",
        "{\"type\":\"WhitespaceSplit\"}",
        "{\"type\":\"Punctuation\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithNext\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithPrevious\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"Removed\"}",
        "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"e\"}",
        "{\"type\":\"Digits\",\"individual_digits\":false}",
        "{\"type\":\"FixedLength\",\"length\":3}",
        "{\"type\":\"UnicodeScripts\"}"
      })
  void againstReference(String preTokenizer) throws IOException {
    for (String normalizer :
        List.of(
            "null",
            "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":false}",
            "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Nmt\"},{\"type\":\"Replace\","
                + "\"pattern\":{\"Regex\":\" {2,}|^e\"},\"content\":\"-\"}]}")) {
      String json = json(normalizer, preTokenizer);
      Tokenizer tokenizer = parse(json);
      RandomText source = new RandomText(SEED, List.of("<x>", "yy", "<x> ", "  "));
      try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
        for (int i = 0; i < 200; i++) {
          compare(tokenizer, reference, source.next(20), preTokenizer + " after " + normalizer);
        }
        // Those that ask what kind of character each is.
        if (normalizer.equals("null")
            && !preTokenizer.matches(".*(Metaspace|behavior|length|delim).*")) {
          StringBuilder text = new StringBuilder();
          for (int c = 0; c <= 0x32400; c++) {
            if (c < 0xD800 || c > 0xDFFF) {
              text.append('a').appendCodePoint(c);
            }
            if (text.length() > 2_000 || c == 0x32400) {
              compare(tokenizer, reference, text.toString(), preTokenizer);
              text.setLength(0);
            }
          }
        }
      }
    }
  }

  private static void compare(
      Tokenizer tokenizer, ReferenceTokenizer reference, String text, String message) {
    ReferenceTokenizer.Pieces expected = reference.pieces(text);
    String where = message + ", seed " + SEED + ": " + DifferentialTest.escaped(text);
    assertArrayEquals(expected.ids(), tokenizer.encode(text), where);
    if (!text.contains("<x>") && !text.contains("yy")) {
      List<Integer> lengths = new ArrayList<>();
      for (String piece : tokenizer.pieces(text)) {
        lengths.add(piece.getBytes(StandardCharsets.UTF_8).length);
      }
      assertEquals(expected.lengths(), lengths, where);
    }
  }
}
