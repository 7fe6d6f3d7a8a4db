package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Normalizers by hand, and on every code point and random texts against the reference. */
class NormalizersTest {
  private static final long SEED = 23;

  /** The text that an ASCII tokenizer of bytes makes of a normalized text. */
  private static String normalized(String normalizer, String text) {
    Tokenizer tokenizer = parse(normalizer);
    return tokenizer.decode(tokenizer.encode(text), false);
  }

  private static Tokenizer parse(String normalizer) {
    return Tokenizer.parse(json(normalizer).getBytes(StandardCharsets.UTF_8), "test");
  }

  private static String json(String normalizer) {
    return TokenizerFiles.bytesOnly(normalizer, TokenizerFiles.SMALL_BYTE_LEVEL, "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"type":"NFD"} | é | e\u0301
          {"type":"NFKC"} | ﬁ½Å① | fi1\u20442Å1
          {"type":"NFKD"} | ﬁé | fie\u0301
          {"type":"Lowercase"} | ÉİΣΑΣ | éi\u0307σασ
          {"type":"Strip","strip_left":true,"strip_right":true} | `\u3000 a b\t ` | a b
          {"type":"Strip","strip_left":false,"strip_right":true} | ` a ` | ` a`
          {"type":"StripAccents"} | e\u0301é | eé
          {"type":"Prepend","prepend":"<"} | ab | <ab
          {"type":"Replace","pattern":{"String":"ab"},"content":"-"} | abaabb | -a-b
          {"type":"Replace","pattern":{"Regex":"\\\\s+"},"content":""} | `a \t b` | ab
          {"type":"Nmt"} | `a\tb\u0001c\u200bd` | a bc d
          {"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true} | `É\u0001肺\u00adx` | `e 肺 x`
          {"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":null,"lowercase":false} | É肺 | É肺
          {"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":true,"lowercase":false} | É | E
          {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":" "},{"type":"Replace","pattern":{"String":" "},"content":"_"}]} | a b | _a_b
          """)
  void byHand(String normalizer, String text, String expected) {
    assertEquals(expected, normalized(normalizer, text), normalizer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"NFD\"}",
        "{\"type\":\"NFKC\"}",
        "{\"type\":\"NFKD\"}",
        "{\"type\":\"Lowercase\"}",
        "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
        "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":false}",
        "{\"type\":\"StripAccents\"}",
        "{\"type\":\"Nmt\"}",
        "{\"type\":\"Prepend\",\"prepend\":\"\u2581x\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"  \"},\"content\":\"\u2581\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}|\\\\p{L}\"},\"content\":\"\"}",
        "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
            + "\"strip_accents\":null,\"lowercase\":true}",
        "{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":false,"
            + "\"strip_accents\":false,\"lowercase\":true}",
        "{\"type\":\"BertNormalizer\",\"clean_text\":false,\"handle_chinese_chars\":true,"
            + "\"strip_accents\":true,\"lowercase\":false}",
        "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKC\"},{\"type\":\"Lowercase\"},"
            + "{\"type\":\"StripAccents\"},{\"type\":\"Strip\",\"strip_left\":false,"
            + "\"strip_right\":true}]}"
      })
  void everyCodePointAndRandomTexts(String normalizer) throws IOException {
    Tokenizer tokenizer = parse(normalizer);
    RandomText source = new RandomText(SEED);
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json(normalizer))) {
      StringBuilder text = new StringBuilder();
      boolean each = !normalizer.matches(".*\"(Strip|Replace|Prepend|Sequence)\".*");
      for (int c = 0; each && c <= 0x10FFFF; c++) {
        if (sampled(c)) {
          text.append('q').appendCodePoint(c).append("\u0323\u0301 ");
        }
        if (text.length() > 2_000 || c == 0x10FFFF) {
          assertArrayEquals(
              reference.encode(text.toString()),
              tokenizer.encode(text.toString()),
              () -> normalizer + " before " + DifferentialTest.escaped(text.toString()));
          text.setLength(0);
        }
      }
      for (int i = 0; i < 300; i++) {
        String random = source.next(40);
        assertArrayEquals(
            reference.encode(random),
            tokenizer.encode(random),
            normalizer
                + " text "
                + i
                + " of seed "
                + SEED
                + ": "
                + DifferentialTest.escaped(random));
      }
    }
  }

  /** All code points but the inside of the large uniform blocks. */
  private static boolean sampled(int c) {
    return !((c >= 0xD800 && c <= 0xDFFF)
        || (c > 0x3410 && c < 0x4DB0)
        || (c > 0x4E10 && c < 0x9FF0)
        || (c > 0xAC40 && c < 0xD790)
        || (c > 0xE010 && c < 0xF8F0)
        || (c > 0x17010 && c < 0x18CF0)
        || (c > 0x20010 && c < 0x2F7F0)
        || (c > 0x2FA20 && c < 0xE0000)
        || c > 0xE0200);
  }

  /** Clusters of up to five bytes are replaced as a whole: the rules of t5 say how. */
  @Test
  void precompiledAgainstReference() throws IOException {
    byte[] json = TokenizerFiles.real("t5-small");
    Tokenizer tokenizer = Tokenizer.parse(json, "t5-small");
    List<String> samples = new ArrayList<>();
    for (int c = 0; c <= 0x323AF; c++) {
      if (sampled(c)) {
        String s = Character.toString(c);
        samples.add(
            "x" + s + "y½" + s + "é" + s + "\u0301 " + s + "½ \u0301" + s + "e\u0301" + s + "\r\n");
      }
    }
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (int i = 0; i < samples.size(); i += 50) {
        String text = String.join(" ", samples.subList(i, Math.min(i + 50, samples.size())));
        assertArrayEquals(
            reference.encode(text), tokenizer.encode(text), () -> DifferentialTest.escaped(text));
      }
    }
  }

  /** One rule, {@code a} to {@code bc}: the trie's root, a unit for 'a', and its end. */
  @Test
  void compiledRulesByHand() {
    int[] units = new int[0x200];
    units[0] = 0x100 << 10;
    units[0x100 ^ 'a'] = 'a' | (1 << 8) | ((0x100 ^ 'a' ^ 0x1F0) << 10);
    units[0x1F0] = 1 << 31;
    CharsMap rules = CharsMap.of(compiled(units, "bc\0"));
    assertEquals("bc", rules.transform("a".getBytes(StandardCharsets.UTF_8), 0, 1));
    assertEquals("bc", rules.transform("ax".getBytes(StandardCharsets.UTF_8), 0, 2));
    assertEquals(null, rules.transform("b".getBytes(StandardCharsets.UTF_8), 0, 1));
    assertEquals("bcbbc", new PrecompiledNormalizer(rules).normalize("aba"));
    // Units that point outside are no rules.
    units[0x1F0] = (1 << 31) | 77;
    assertEquals(null, CharsMap.of(compiled(units, "bc\0")).transform(new byte[] {'a'}, 0, 1));
    units[0x100 ^ 'a'] |= 0xFFFFF000;
    assertEquals(null, CharsMap.of(compiled(units, "bc\0")).transform(new byte[] {'a'}, 0, 1));
    assertEquals(null, CharsMap.of(new byte[0]).transform(new byte[] {'a'}, 0, 1));
  }

  private static byte[] compiled(int[] units, String results) {
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + 4 * units.length + results.length())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(4 * units.length);
    for (int unit : units) {
      bytes.putInt(unit);
    }
    return bytes.put(results.getBytes(StandardCharsets.UTF_8)).array();
  }

  @Test
  void quickLooksAgreeWithTheNormalizer() {
    RandomText source = new RandomText(SEED);
    List<TextNormalizer> normalizers =
        List.of(
            new UnicodeFormNormalizer(Form.NFKC),
            new LowercaseNormalizer(),
            new StripNormalizer(true, true),
            new CharacterFilter(CharacterFilter.Rule.NMT),
            new ReplaceNormalizer(new SplitPattern.Literal(" "), "\u2581"),
            new PrependNormalizer("x"),
            new BertNormalizer(true, true, true, true),
            new ByteLevelNormalizer());
    for (int i = 0; i < 3_000; i++) {
      String text = source.next(12);
      char[] chars = text.toCharArray();
      for (TextNormalizer normalizer : normalizers) {
        String message = normalizer + " text " + i + " of seed " + SEED;
        String whole = normalizer.normalize(text);
        if (normalizer.surelyKeeps(chars, 0, chars.length)) {
          assertEquals(text, whole, message);
        }
        for (int cut = 0; cut < text.length(); cut++) {
          if (!Character.isLowSurrogate(text.charAt(cut))
              && normalizer.mayCutBefore(text.codePointAt(cut))) {
            assertEquals(
                whole,
                normalizer.normalize(text.substring(0, cut))
                    + normalizer.normalize(text.substring(cut)),
                message + " cut at " + cut + ": " + DifferentialTest.escaped(text));
          }
        }
      }
    }
  }

  @Test
  void hostileRulesAreRefused() {
    for (String rules : new String[] {"!", "AAA", "AAAA", "/////w==", "BAAAAAAAAAD/"}) {
      TokenizerFormatException error =
          assertThrows(
              TokenizerFormatException.class,
              () -> parse("{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"" + rules + "\"}"));
      assertTrue(
          String.valueOf(error.getMessage()).startsWith("test: normalizer.precompiled_charsmap"),
          error.getMessage());
    }
  }
}
