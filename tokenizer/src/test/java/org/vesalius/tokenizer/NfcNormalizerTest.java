package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Normalization form C as the reference does it. */
class NfcNormalizerTest {
  private static final long SEED = 19;

  private final NfcNormalizer nfc = new NfcNormalizer();

  @Test
  void byHand() {
    assertEquals("é", nfc.normalize("e\u0301"));
    assertEquals("\u1E69", nfc.normalize("s\u0307\u0323"));
    assertEquals("가", nfc.normalize("\u1100\u1161"));
    assertEquals("Å", nfc.normalize("\u212B"));
    String text = "already composed é";
    assertSame(text, nfc.normalize(text));
    // Two marks of Unicode 14 and 16: younger than the reference's tables, so they keep their
    // order.
    assertEquals("q\u0345\u0898", nfc.normalize("q\u0345\u0898"));
    assertEquals("é\u0897é", nfc.normalize("e\u0301\u0897e\u0301"));
  }

  /**
   * Every code point alone, between marks, and every canonical decomposition, against the
   * reference.
   */
  @Test
  void everyCodePointAgainstReference() throws IOException {
    List<String> samples = new ArrayList<>();
    for (int c = 0x80; c <= 0xE01FF; c = c == 0x323AF ? 0xE0000 : c + 1) {
      if ((c >= 0xD800 && c <= 0xDFFF)
          || (c > 0x3410 && c < 0x4DB0)
          || (c > 0x4E10 && c < 0x9FF0)
          || (c > 0xE000 && c < 0xF8F0)
          || (c > 0x20010 && c < 0x2F7F0)
          || (c > 0x2FA20 && c < 0xE0000)) {
        continue;
      }
      String s = Character.toString(c);
      String decomposed = Normalizer.normalize(s, Form.NFD);
      samples.add(s + " q\u0345" + s + "\u0334 " + decomposed + "\u0323 x" + s + "\u0301");
    }
    String json =
        TokenizerFiles.bytesOnly("{\"type\":\"NFC\"}", TokenizerFiles.SMALL_BYTE_LEVEL, "");
    Tokenizer tokenizer = Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (int i = 0; i < samples.size(); i += 64) {
        String text = String.join("\n", samples.subList(i, Math.min(i + 64, samples.size())));
        assertArrayEquals(
            reference.encode(text), tokenizer.encode(text), () -> DifferentialTest.escaped(text));
      }
    }
  }

  /**
   * What the quick look calls inert must neither change nor touch what is before it, whatever that
   * is.
   */
  @Test
  void quickLookIsNeverWrong() {
    List<String> decompositions = new ArrayList<>();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      String s = Character.toString(c);
      if (c < 0xD800 || c > 0xDFFF) {
        boolean inert =
            c < 0x10000
                ? NfcNormalizer.inert((char) c)
                : NfcNormalizer.inert(Character.highSurrogate(c))
                    && NfcNormalizer.inert(Character.lowSurrogate(c));
        if (inert) {
          assertTrue(
              Normalizer.isNormalized(s, Form.NFC), () -> "U+%04X".formatted(s.codePointAt(0)));
          assertTrue(
              Normalizer.isNormalized("q\u0345" + s, Form.NFC),
              () -> "U+%04X".formatted(s.codePointAt(0)));
        } else {
          assertFalse(c < 0x300, "ASCII and Latin must be quick");
        }
        decompositions.add(Normalizer.normalize(s, Form.NFD));
      }
    }
    for (String decomposition : decompositions) {
      int first = Character.charCount(decomposition.codePointAt(0));
      for (int i = first; i < decomposition.length(); ) {
        int c = decomposition.codePointAt(i);
        // Surrogates are judged in pairs above; here only single units can be asked for.
        assertFalse(
            c < 0x10000 && NfcNormalizer.inert((char) c),
            () -> DifferentialTest.escaped(decomposition));
        i += Character.charCount(c);
      }
    }
  }

  /** Long rows of marks that have to change places, which must not take quadratic time. */
  @Test
  void manyMarksAgainstReference() throws IOException {
    String json =
        TokenizerFiles.bytesOnly("{\"type\":\"NFC\"}", TokenizerFiles.SMALL_BYTE_LEVEL, "");
    Tokenizer tokenizer = Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
    // Marks of many classes, of class zero, and ones that stand for two.
    int[] marks = {
      0x300, 0x301, 0x323, 0x327, 0x334, 0x338, 0x344, 0x345, 0x5B0, 0x64B, 0x93C, 0x903, 0x9BE,
      0xF71, 0xF73, 0xF75, 0x302A, 0x3099, 0x20D0, 0x1D165, 0x1D16D, 0x200D, 0x308, 0x342, 0xE31
    };
    Random random = new Random(SEED);
    List<String> texts = new ArrayList<>();
    texts.add("e" + "\u0345\u0301\u0323".repeat(12_000));
    for (int i = 0; i < 40; i++) {
      StringBuilder text = new StringBuilder("x");
      for (int k = MarkOrder.LONGEST_ROW - 5 + random.nextInt(200); k > 0; k--) {
        text.appendCodePoint(random.nextInt(90) == 0 ? 'α' : marks[random.nextInt(marks.length)]);
      }
      texts.add(text.toString());
    }
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (String text : texts) {
        assertArrayEquals(
            reference.encode(text),
            tokenizer.encode(text),
            () -> "seed " + SEED + ": " + DifferentialTest.escaped(text));
      }
    }
  }
}
