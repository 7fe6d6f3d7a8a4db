package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ids back to text, at once and one by one. */
class StreamingDecoderTest {
  private static final long SEED = 5;

  private final Tokenizer bytes =
      Tokenizer.parse(
          TokenizerFiles.bytesOnly(
                  "null",
                  TokenizerFiles.SMALL_BYTE_LEVEL,
                  TokenizerFiles.added(256, "<end>", "special")
                      + ","
                      + TokenizerFiles.added(257, "é e"))
              .getBytes(StandardCharsets.UTF_8),
          "test");

  /**
   * U+FFFD for each maximal part of a sequence, as in Unicode's table 3-8 and in Rust's
   * documentation.
   */
  @ParameterizedTest
  @CsvSource({
    "48656c6c6f, Hello",
    "e882ba, 肺",
    "f09f9180, 👀",
    "ff, \uFFFD",
    "e8, \uFFFD",
    "e882, \uFFFD",
    "e88241, \uFFFDA",
    "f09f9141, \uFFFDA",
    "c080, \uFFFD\uFFFD",
    "e08080, \uFFFD\uFFFD\uFFFD",
    "eda080, \uFFFD\uFFFD\uFFFD",
    "f4908080, \uFFFD\uFFFD\uFFFD\uFFFD",
    "f08f8080, \uFFFD\uFFFD\uFFFD\uFFFD",
    "e1a0c0e225f0918e2b25, \uFFFD\uFFFD\uFFFD%\uFFFD+%",
    "f0f09f9180, \uFFFD👀",
    "48656c6c6f20f0908057 , Hello \uFFFDW",
    "8080, \uFFFD\uFFFD"
  })
  void invalidUtf8(String hex, String text) {
    byte[] raw = HexFormat.of().parseHex(hex);
    int[] ids = new int[raw.length];
    for (int i = 0; i < raw.length; i++) {
      ids[i] = raw[i] & 0xFF;
    }
    assertEquals(text, bytes.decode(ids, false));
    assertEquals(text, streamed(bytes, ids, false));
  }

  @Test
  void codePointsComeWhole() {
    StreamingDecoder stream = bytes.streamingDecoder(false);
    assertEquals("", stream.append(0xF0));
    assertEquals("", stream.append(0x9F));
    assertEquals("", stream.append(0x91));
    assertEquals("👀", stream.append(0x80));
    assertEquals("", stream.append(0xE8));
    assertEquals("\uFFFDA", stream.append('A'));
    assertEquals("", stream.append(0xE8));
    assertEquals("\uFFFD", stream.finish());
    assertThrows(IllegalStateException.class, () -> stream.append(1));
    assertThrows(IllegalStateException.class, stream::finish);
  }

  @Test
  void specialAndUnknownIds() {
    assertEquals("a<end>b", bytes.decode(new int[] {'a', 256, 'b'}, false));
    assertEquals("ab", bytes.decode(new int[] {'a', 256, 'b'}, true));
    // A space is no letter of the byte alphabet, so this added token is text, not bytes.
    assertEquals("é e", bytes.decode(new int[] {257}, true));
    assertEquals("ab", bytes.decode(new int[] {'a', 258, Integer.MAX_VALUE, 'b'}, true));
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> bytes.decode(new int[] {-1}, true));
    assertTrue(String.valueOf(error.getMessage()).contains("-1"), error.getMessage());
    assertTrue(String.valueOf(error.getMessage()).contains("257"), error.getMessage());
  }

  @Test
  void streamEqualsWholeAndNeverSplitsACodePoint() {
    Tokenizer demo = Tokenizer.load(TokenizerFiles.demo());
    RandomText source = new RandomText(SEED);
    Random random = new Random(SEED);
    for (int i = 0; i < 3_000; i++) {
      int[] ids = demo.encode(source.next(60));
      // Half of the time as an encoder writes them, half of the time torn.
      for (int k = 0; k < ids.length && i % 2 == 0; k++) {
        ids[k] = random.nextInt(3) == 0 ? random.nextInt(demo.size() + 10) : ids[k];
      }
      String message = "text " + i + " of seed " + SEED + ": " + Arrays.toString(ids);
      assertEquals(demo.decode(ids, i % 3 == 0), streamed(demo, ids, i % 3 == 0), message);
    }
  }

  private static String streamed(Tokenizer tokenizer, int[] ids, boolean skipSpecialTokens) {
    StreamingDecoder stream = tokenizer.streamingDecoder(skipSpecialTokens);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      String part = stream.append(id);
      for (int i = 0; i < part.length(); i += Character.charCount(part.codePointAt(i))) {
        assertFalse(
            part.codePointAt(i) >= 0xD800 && part.codePointAt(i) <= 0xDFFF,
            () -> "half a code point in the stream of " + Arrays.toString(ids));
      }
      text.append(part);
    }
    return text + stream.finish();
  }
}
