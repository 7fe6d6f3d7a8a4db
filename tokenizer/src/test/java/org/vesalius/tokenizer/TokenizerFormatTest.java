package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that are refused, each with one sentence that says where and what. */
class TokenizerFormatTest {
  private static final String GOOD =
      TokenizerFiles.bytesOnly(
          "{\"type\":\"NFC\"}",
          TokenizerFiles.sequence(
              TokenizerFiles.split("\\s+", "Removed", true),
              "{\"type\":\"Digits\",\"individual_digits\":true}",
              TokenizerFiles.SMALL_BYTE_LEVEL),
          TokenizerFiles.added(256, "<x>", "special"),
          "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}");

  @Test
  void theFileThatTheOthersAreMadeOfIsRead() {
    assertEquals(257, Tokenizer.parse(GOOD.getBytes(StandardCharsets.UTF_8), "good.json").size());
  }

  /**
   * What is replaced, by what, and what the message must name: the place and what was found there.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          "version":"1.0"~"version":"2.0"~version~2.0
          "type":"NFC"~"type":"NFX"~normalizer.type~NFX
          "type":"NFC"~"type":"NFC","x":1~normalizer~"x"
          {"type":"NFC"}~{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nm"}]}~normalizer.normalizers[1].type~Nm
          {"type":"NFC"}~"NFC"~normalizer~"NFC"
          "type":"Digits"~"type":"Digit"~pre_tokenizer.pretokenizers[1].type~Digit
          "individual_digits":true~"individual_digits":1~pre_tokenizer.pretokenizers[1].individual_digits~1
          "individual_digits":true~"individual_digits":null~pre_tokenizer.pretokenizers[1].individual_digits~nothing
          "behavior":"Removed"~"behavior":"removed"~pre_tokenizer.pretokenizers[0].behavior~removed
          "Regex":"\\\\s+"~"Regex":"(?<n>\\\\s)"~pre_tokenizer.pretokenizers[0].pattern.Regex~(?<n
          "Regex":"\\\\s+"~"Regex":"(\\\\s"~pre_tokenizer.pretokenizers[0].pattern.Regex~Unclosed group
          "Regex":"\\\\s+"~"String":""~pre_tokenizer.pretokenizers[0].pattern.String~""
          "Regex":"\\\\s+"~"Glob":"*"~pre_tokenizer.pretokenizers[0].pattern~Glob
          "pretokenizers":[~"pretokenizers":[{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true},~pre_tokenizer.pretokenizers[1]~Split
          "decoder":{"type":"ByteLevel"~"decoder":{"type":"Bytes"~decoder.type~Bytes
          "post_processor":{"type":"ByteLevel"~"post_processor":{"type":"Bert"~post_processor.type~Bert
          "type":"BPE"~"type":"Markov"~model.type~Markov
          "type":"BPE"~"type":"Unigram"~model.vocab~Ā
          "dropout":null~"dropout":0.1~model.dropout~0.1
          "unk_token":null~"unk_token":"<unk>"~model.unk_token~<unk>
          "byte_fallback":false~"byte_fallback":true~model.byte_fallback~true
          "continuing_subword_prefix":null~"continuing_subword_prefix":7~model.continuing_subword_prefix~7
          "end_of_word_suffix":null~"end_of_word_suffix":7~model.end_of_word_suffix~7
          "ignore_merges":false~"ignore_merges":"no"~model.ignore_merges~no
          "ignore_merges":false~"surprise":false~model~surprise
          "merges":[]~"merges":["a b c"]~model.merges[0]~a b c
          "merges":[]~"merges":["ab"]~model.merges[0]~ab
          "merges":[]~"merges":[["a","b"]]~model.merges[0]~"b"
          "merges":[]~"merges":[["a"]]~model.merges[0]~"a"
          "merges":[]~"merges":[7]~model.merges[0]~7
          "merges":[]~"merges":{}~model.merges~{}
          ,"merges":[]~ ~model.merges~nothing
          "A":65~"A":-1~model.vocab["A"]~-1
          "A":65~"A":6.5~model.vocab["A"]~6.5
          "A":65~"A":4294967296~model.vocab["A"]~4294967296
          "A":65~"A":2147483647~model.vocab["A"]~2147483647
          "A":65~"A":66~`model.vocab["`~66
          "A":65~"A":65,"A":67~not JSON~Duplicate
          "id":256~"id":300~added_tokens[0].id~300
          "content":"<x>"~"content":""~added_tokens[0].content~""
          "content":"<x>"~"content":"A"~added_tokens[0].id~256
          "lstrip":false~"lstrip":"false"~added_tokens[0].lstrip~"false"
          "lstrip":false,~ ~added_tokens[0].lstrip~nothing
          {"type":"NFC"}~{"type":"Strip","strip_left":true}~normalizer.strip_right~nothing
          {"type":"NFC"}~{"type":"Replace","pattern":{"String":""},"content":"x"}~normalizer.pattern.String~""
          {"type":"NFC"}~{"type":"BertNormalizer","clean_text":true}~normalizer.lowercase~nothing
          {"type":"NFC"}~{"type":"Precompiled","precompiled_charsmap":"/////w=="}~normalizer.precompiled_charsmap~4294967295
          {"type":"NFC"}~{"type":"Prepend","prepend":7}~normalizer.prepend~7
          {"type":"Digits","individual_digits":true}~{"type":"Metaspace","replacement":"__"}~pre_tokenizer.pretokenizers[1].replacement~__
          {"type":"Digits","individual_digits":true}~{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}~pre_tokenizer.pretokenizers[1].prepend_scheme~last
          {"type":"Digits","individual_digits":true}~{"type":"Metaspace","replacement":"_","prepend_scheme":"first","add_prefix_space":false}~pre_tokenizer.pretokenizers[1].prepend_scheme~first
          {"type":"Digits","individual_digits":true}~{"type":"FixedLength","length":0}~pre_tokenizer.pretokenizers[1].length~0
          {"type":"Digits","individual_digits":true}~{"type":"Punctuation","behavior":"x"}~pre_tokenizer.pretokenizers[1].behavior~x
          {"type":"Digits","individual_digits":true}~{"type":"CharDelimiterSplit","delimiter":""}~pre_tokenizer.pretokenizers[1].delimiter~""
          "decoder":{"type":"ByteLevel"~"decoder":{"type":"Sequence","decoders":[{"type":"Strip","content":"ab","start":1,"stop":0}]},"x":{"type":"ByteLevel"~decoder.decoders[0].content~ab
          "decoder":{"type":"ByteLevel"~"decoder":{"type":"BPEDecoder","suffix":""},"x":{"type":"ByteLevel"~decoder.suffix~""
          "post_processor":{"type":"ByteLevel"~"post_processor":{"type":"BertProcessing","sep":["x"],"cls":["y",1]},"x":{"type":"ByteLevel"~post_processor.sep~["x"]
          "truncation":null~"truncation":~not JSON~GOOD
          """)
  void refusedByName(String from, String to, String place, String found) {
    String json = GOOD.replace(from, to == null ? "" : to);
    assertTrue(!json.equals(GOOD), from + " does not occur in " + GOOD);
    TokenizerFormatException error =
        assertThrows(
            TokenizerFormatException.class,
            () -> Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "bad.json"));
    String message = String.valueOf(error.getMessage());
    assertTrue(message.startsWith("bad.json: " + place), message);
    assertTrue(found.equals("GOOD") || message.contains(found), message);
  }

  @Test
  void twoTokensThatReadTheSameAreRefused() {
    for (String[] tokens :
        new String[][] {
          {TokenizerFiles.added(256, "<x>"), TokenizerFiles.added(257, "<x>")},
          {
            TokenizerFiles.added(256, "\u212B", "normalized"),
            TokenizerFiles.added(257, "A\u030A", "normalized")
          }
        }) {
      String json =
          TokenizerFiles.bytesOnly(
              "{\"type\":\"NFC\"}", TokenizerFiles.SMALL_BYTE_LEVEL, String.join(",", tokens));
      TokenizerFormatException error =
          assertThrows(
              TokenizerFormatException.class,
              () -> Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "bad.json"));
      assertTrue(
          String.valueOf(error.getMessage()).startsWith("bad.json: added_tokens"),
          error.getMessage());
    }
  }

  @Test
  void everyTruncationOfASmallFileIsRefused() {
    byte[] json = GOOD.getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < json.length; length += 7) {
      byte[] cut = Arrays.copyOf(json, length);
      assertThrows(TokenizerFormatException.class, () -> Tokenizer.parse(cut, "cut.json"));
    }
  }

  @Test
  void truncationAndPaddingAreNotApplied() {
    String json =
        GOOD.replace(
            "\"truncation\":null,\"padding\":null",
            "\"truncation\":{\"max_length\":2},\"padding\":{\"strategy\":{\"Fixed\":9}}");
    assertTrue(!json.equals(GOOD));
    assertArrayEquals(
        new int[] {' ', ' ', ' '},
        Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "t").encode("a b  c"));
  }

  @Test
  void missingFiles(@TempDir Path folder) {
    UncheckedIOException error =
        assertThrows(UncheckedIOException.class, () -> Tokenizer.load(folder));
    assertTrue(String.valueOf(error.getMessage()).contains("tokenizer.json"), error.getMessage());
  }
}
