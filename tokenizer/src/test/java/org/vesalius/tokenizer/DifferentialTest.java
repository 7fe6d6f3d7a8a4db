package org.vesalius.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Ids and decoded texts against the reference, on random texts; more of them with
 * -Dvesalius.fuzz=N.
 */
class DifferentialTest {
  private static final long SEED = 20260117;

  static List<Path> small() {
    return TokenizerFiles.small();
  }

  @ParameterizedTest
  @MethodSource("small")
  void smallTokenizers(Path file) throws IOException {
    compare(TokenizerFiles.read(file), Integer.getInteger("vesalius.fuzz", 20_000) / 4);
  }

  @Test
  void qwen3() throws IOException {
    compare(TokenizerFiles.qwen3(), Integer.getInteger("vesalius.fuzz", 20_000));
  }

  private static void compare(byte[] json, int texts) throws IOException {
    Tokenizer tokenizer = Tokenizer.parse(json, "tokenizer.json");
    RandomText source = new RandomText(SEED);
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (int i = 0; i < texts; i++) {
        String text = source.next(i % 100 == 0 ? 400 : 40);
        String message = "text " + i + " of seed " + SEED + ": " + escaped(text);
        int[] ids = tokenizer.encode(text);
        assertArrayEquals(reference.encode(text), ids, message);
        assertEquals(reference.decode(ids, false), tokenizer.decode(ids, false), message);
        int[] random = randomIds(source, tokenizer.size() + 100, ids);
        assertEquals(
            reference.decode(random, true),
            tokenizer.decode(random, true),
            () -> message + " then ids " + Arrays.toString(random));
      }
    }
  }

  /** Ids that no encoder would write: code points torn apart, ids without a token. */
  private static int[] randomIds(RandomText source, int limit, int[] ids) {
    int[] random = new int[source.random().nextInt(8)];
    for (int i = 0; i < random.length; i++) {
      random[i] =
          switch (source.random().nextInt(3)) {
            case 0 -> source.random().nextInt(limit);
            case 1 -> source.random().nextInt(256);
            default -> ids.length == 0 ? 0 : ids[source.random().nextInt(ids.length)];
          };
    }
    return random;
  }

  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.chars()
        .forEach(c -> {
          if (c >= ' ' && c < 0x7F) {
            escaped.append((char) c);
          } else {
            escaped.append("\\u%04x".formatted(c));
          }
        });
    return escaped.toString();
  }
}
