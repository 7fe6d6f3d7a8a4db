package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces of the pre-tokenizers, by hand and against the reference. */
class SplitTest {
  private static final long SEED = 7;

  private static List<String> pieces(PreTokenizer preTokenizer, String text) {
    List<String> pieces = new ArrayList<>();
    // Characters around the range must stay invisible.
    char[] padded = ("x" + text + "x").toCharArray();
    preTokenizer.split(
        padded, 1, padded.length - 1, (t, s, e) -> pieces.add(new String(t, s, e - s)));
    return pieces;
  }

  private static SplitPreTokenizer isolated(SplitPattern pattern) {
    return new SplitPreTokenizer(pattern, SplitPreTokenizer.Behavior.ISOLATED, false);
  }

  private static SplitPattern regex(String pattern) {
    return new RegexPattern(OnigurumaRegex.compile(pattern));
  }

  @Test
  void qwen2ByHand() {
    PreTokenizer split = isolated(new WordScanner(1));
    assertEquals(
        List.of("It", "'s", " ", "3", "7", ".", "9", "°C", ",\n\n", "not", "  ", " we", "'LL"),
        pieces(split, "It's 37.9°C,\n\nnot   we'LL"));
    assertEquals(List.of("a", " \n\n", " ", " b", " "), pieces(split, "a \n\n  b "));
    assertEquals(List.of("\tx", "\u3000肺炎", "，", "1", "２"), pieces(split, "\tx\u3000肺炎，1２"));
    assertEquals(List.of(" '", "quoted", "'"), pieces(split, " 'quoted'"));
    assertEquals(List.of("e", "\u0301"), pieces(split, "e\u0301"));
    assertEquals(List.of("x", " 👩\u200d⚕️"), pieces(split, "x 👩\u200d⚕️"));
    assertEquals(List.of("𝛼𝛽", "𝟙", "𝟚"), pieces(split, "𝛼𝛽𝟙𝟚"));
    assertEquals(List.of(), pieces(split, ""));
  }

  @Test
  void llama3KeepsThreeDigitsTogether() {
    assertEquals(
        List.of("123", "456", "7", " ", "𝟙𝟚𝟛", "𝟜"),
        pieces(isolated(new WordScanner(3)), "1234567 𝟙𝟚𝟛𝟜"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void scannerFindsWhatTheExpressionFinds(int digits) {
    WordScanner scanner = new WordScanner(digits);
    SplitPattern expression =
        regex(digits == 1 ? WordScanner.QWEN2_PATTERN : WordScanner.LLAMA3_PATTERN);
    RandomText source = new RandomText(SEED);
    for (int i = 0; i < 20_000; i++) {
      String text = source.next(60);
      assertEquals(
          pieces(isolated(expression), text),
          pieces(isolated(scanner), text),
          "text " + i + " of seed " + SEED + ": " + DifferentialTest.escaped(text));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ISOLATED             | false | a,-,-,b,-,c,-
          REMOVED              | false | a,b,c
          REMOVED              | true  | -,-,-,-
          MERGED_WITH_PREVIOUS | false | a-,-,b-,c-
          MERGED_WITH_NEXT     | false | a,-,-b,-c,-
          CONTIGUOUS           | false | a,--,b,-,c,-
          MERGED_WITH_PREVIOUS | true  | a,-,-b,-c,-
          MERGED_WITH_NEXT     | true  | a-,-,b-,c-
          """)
  void behaviorsByHand(SplitPreTokenizer.Behavior behavior, boolean invert, String expected) {
    for (SplitPattern pattern : List.of(new SplitPattern.Literal("-"), regex("-"))) {
      assertEquals(
          List.of(expected.split(",")),
          pieces(new SplitPreTokenizer(pattern, behavior, invert), "a--b-c-"));
    }
  }

  @Test
  void digitsByHand() {
    assertEquals(List.of("a", "1", "½", "b", "Ⅻ"), pieces(new DigitsPreTokenizer(true), "a1½bⅫ"));
    assertEquals(List.of("a", "1½", "b", "Ⅻ"), pieces(new DigitsPreTokenizer(false), "a1½bⅫ"));
  }

  @Test
  void sequenceByHand() {
    PreTokenizer sequence =
        new PreTokenizerSequence(
            List.of(
                new DigitsPreTokenizer(true),
                isolated(regex("\\s+(?!\\S)|\\s")),
                new ByteLevelPreTokenizer(false, null)));
    // The digit ends its piece, so the white space before it is at an end for the second step.
    assertEquals(List.of("a", "  ", "1", "2", "b"), pieces(sequence, "a  12b"));
  }

  @Test
  void byteLevelByHand() {
    SplitPreTokenizer gpt2 = isolated(regex(ByteLevelPreTokenizer.GPT2_PATTERN));
    assertEquals(
        List.of(" I", "'m", " 42", " years", "!!"),
        pieces(new ByteLevelPreTokenizer(true, gpt2), "I'm 42 years!!"));
    assertEquals(List.of("I'm 42"), pieces(new ByteLevelPreTokenizer(false, null), "I'm 42"));
    assertEquals(List.of(" I'm 42"), pieces(new ByteLevelPreTokenizer(true, null), "I'm 42"));
    assertEquals(List.of(" x"), pieces(new ByteLevelPreTokenizer(true, null), " x"));
  }

  /** Every combination the format allows, on random texts, piece by piece against the reference. */
  @Test
  void preTokenizersAgainstReference() throws IOException {
    List<String> parts = new ArrayList<>();
    for (SplitPreTokenizer.Behavior behavior : SplitPreTokenizer.Behavior.values()) {
      for (boolean invert : new boolean[] {false, true}) {
        parts.add(TokenizerFiles.split("\\s|\\p{N}{2}", behavior.label(), invert));
        parts.add(
            """
            {"type":"Split","pattern":{"String":" "},"behavior":"%s","invert":%s}\
            """
                .formatted(behavior.label(), invert));
      }
    }
    parts.add(TokenizerFiles.split(WordScanner.LLAMA3_PATTERN, "Isolated", false));
    parts.add("{\"type\":\"Digits\",\"individual_digits\":true}");
    parts.add("{\"type\":\"Digits\",\"individual_digits\":false}");
    List<String> endings =
        List.of(
            TokenizerFiles.SMALL_BYTE_LEVEL,
            "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true}");
    RandomText source = new RandomText(SEED);
    for (String part : parts) {
      for (String ending : endings) {
        compare(TokenizerFiles.sequence(part, ending), source, 60);
      }
    }
    compare(endings.getLast(), source, 2_000);
  }

  static void compare(String preTokenizer, RandomText source, int texts) throws IOException {
    String json = TokenizerFiles.bytesOnly("null", preTokenizer, "");
    Tokenizer tokenizer = Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (int i = 0; i < texts; i++) {
        compare(tokenizer, reference, source.next(50), preTokenizer);
      }
    }
  }

  static void compare(
      Tokenizer tokenizer, ReferenceTokenizer reference, String text, String message) {
    List<Integer> lengths = new ArrayList<>();
    IntList bytes = new IntList(16);
    for (String piece : tokenizer.pieces(text)) {
      byte[] utf8 = piece.getBytes(StandardCharsets.UTF_8);
      lengths.add(utf8.length);
      for (byte b : utf8) {
        bytes.add(b & 0xFF);
      }
    }
    ReferenceTokenizer.Pieces expectedPieces = reference.pieces(text);
    List<Integer> expected = expectedPieces.lengths();
    String context =
        message
            + " on "
            + (text.length() > 200
                ? text.length() + " characters"
                : DifferentialTest.escaped(text));
    int common = 0;
    int bytesBefore = 0;
    while (common < Math.min(expected.size(), lengths.size())
        && expected.get(common).equals(lengths.get(common))) {
      bytesBefore += lengths.get(common++);
    }
    assertEquals(
        expected.subList(common, Math.min(common + 5, expected.size())),
        lengths.subList(common, Math.min(common + 5, lengths.size())),
        context + ": bytes of the pieces after byte " + bytesBefore);
    assertTrue(Arrays.equals(expectedPieces.ids(), bytes.toArray()), context);
  }
}
