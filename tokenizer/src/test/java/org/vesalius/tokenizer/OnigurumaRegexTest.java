package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The translation of regular expressions against the reference's engine. */
class OnigurumaRegexTest {
  private static final long SEED = 11;

  /** Every code point, but of the large blocks of ideographs, syllables and nothing only some. */
  private static String allCodePoints() {
    StringBuilder text = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      boolean uniform =
          (c >= 0x3410 && c < 0x4DB0)
              || (c >= 0x4E10 && c < 0x9FE0)
              || (c >= 0xAC10 && c < 0xD7A0)
              || (c >= 0xE010 && c < 0xF8F0)
              || (c >= 0x17010 && c < 0x187F0)
              || (c >= 0x1D800 && c < 0x1DA00)
              || (c >= 0x20010 && c < 0xE0000)
              || c >= 0xE0200;
      if ((c < 0xD800 || c > 0xDFFF) && (!uniform || c % 257 == 0 || (c & 0xFFFF) < 3)) {
        text.appendCodePoint(c);
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\p{L}+",
        "\\p{N}+",
        "\\s+",
        "\\w+",
        "\\d+",
        "[^\\s\\p{L}\\p{N}]+",
        "\\p{Lu}+|\\p{Ll}+",
        "\\p{M}+|\\p{P}+|\\p{S}+",
        "\\p{Lt}+|\\p{Lm}+|\\p{Lo}+|\\p{Z}+|\\p{Cc}+|\\p{Cf}+",
        "\\p{Han}+|\\p{Hiragana}+|\\p{Cyrillic}+",
        "(?i:[a-z]+)",
        ".+"
      })
  void characterClassesOnEveryCodePoint(String regex) throws IOException {
    String json = bytesOnly(regex);
    Tokenizer tokenizer = Tokenizer.parse(json.getBytes(StandardCharsets.UTF_8), "test");
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      SplitTest.compare(tokenizer, reference, allCodePoints(), regex);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\S+",
        "\\W",
        "\\D{2}",
        "\\h+",
        "\\H",
        "\\bt",
        "e\\B",
        "\\bthe\\b",
        "^.",
        ".$",
        "\\A.",
        ".\\z",
        ".\\Z",
        "(?=a)|x",
        "(?<=\\n).",
        "(?<! )t",
        "(?!\\S)\\s",
        "(?>\\s+)t|\\s",
        "[\\w&&[^\\d]]+",
        "[a-e\\d\\-x]",
        "[^\\P{L}]+",
        "\\p{^L}+",
        "\\P{^N}",
        "[\\x41-\\x{5A}\\u0061]",
        "a{,2}",
        "t{2}",
        "a{x",
        "\\v|\\t|\\r\\n",
        "(?i:S|T)",
        "(?i:k)",
        "(?i:[^a-kS]+)",
        "(?i:d(?-i:on)?)",
        "(?<=\\p{L})\\p{L}",
        "(?<!\\w)\\w",
        "\\.|\\[|\\-",
        "[\\[\\]]",
        "[.&#-]",
        "[\\r\\n/]*",
        "x*",
        "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[!-/:-~]+|[一-龥]+",
        "(a|b)+?",
        "\\p{L}++"
      })
  void constructsOnRandomText(String regex) throws IOException {
    SplitTest.compare(
        TokenizerFiles.sequence(
            TokenizerFiles.split(regex, "Isolated", false), TokenizerFiles.SMALL_BYTE_LEVEL),
        new RandomText(SEED),
        400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a)\\1",
        "\\k<x>",
        "\\R",
        "\\X",
        "\\K",
        "\\G",
        "(?<n>a)",
        "(?#x)",
        "(?x:a)",
        "(?m:.)",
        "(?i)a",
        "(?i:ss)",
        "(?i:É)",
        "(?i:\\p{Lu})",
        "(?i:[a-é])",
        "(?i:\\x41)",
        "(?i)?",
        "[[:alpha:]]",
        "[]a]",
        "a{2}+",
        "a{2}?",
        "\\p{Script=Han}",
        "\\p{Foo}",
        "\\pL",
        "\\q",
        "\\x{}",
        "\\u12",
        "\\x{110000}",
        "[a",
        "(a",
        "a\\"
      })
  void whatIsNotTranslatedIsRefused(String regex) {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> OnigurumaRegex.compile(regex));
    assertTrue(error.getMessage() != null && !error.getMessage().isEmpty());
  }

  /**
   * What a JDK with more letters than Unicode 16.0 would get; here the Greek ones stand for the
   * new.
   */
  @Test
  void charactersOfANewerUnicodeAreMasked() {
    for (String within : new String[] {"%s", "[%s]", "[^\\s%s]"}) {
      boolean turned = within.startsWith("[^");
      String letter =
          within.formatted(OnigurumaProperties.without("\\x{370}-\\x{3FF}", "\\p{L}", false));
      assertEquals(!turned, Pattern.matches(letter, "x"));
      assertEquals(turned, Pattern.matches(letter, "α"));
      assertEquals(turned, Pattern.matches(letter, "1"));
      String other =
          within.formatted(OnigurumaProperties.without("\\x{370}-\\x{3FF}", "\\p{L}", true));
      assertEquals(turned, Pattern.matches(other, "x"));
      assertEquals(!turned, Pattern.matches(other, "α"));
      assertEquals(!turned, Pattern.matches(other, "1"));
    }
  }

  @Test
  void caseOfContractionsIsUnicodeWide() {
    assertTrue(OnigurumaRegex.compile("(?i:'s)").matcher("'\u017f").matches());
    assertTrue(OnigurumaRegex.compile("(?i:k)").matcher("\u212a").matches());
    assertEquals(false, OnigurumaRegex.compile("'s").matcher("'S").matches());
  }

  private static String bytesOnly(String regex) {
    return TokenizerFiles.bytesOnly(
        "null",
        TokenizerFiles.sequence(
            TokenizerFiles.split(regex, "Isolated", false), TokenizerFiles.SMALL_BYTE_LEVEL),
        "");
  }
}
