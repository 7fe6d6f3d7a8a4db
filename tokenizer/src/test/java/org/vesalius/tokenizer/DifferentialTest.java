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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ids and decoded texts against the reference, on random texts: -Dvesalius.fuzz=N for each
 * published tokenizer, 200,000 with -Dvesalius.full=true.
 */
class DifferentialTest {
  private static final long SEED = 20260117;

  static List<Path> small() {
    return TokenizerFiles.small();
  }

  private static int texts() {
    return Boolean.getBoolean("vesalius.full") ? 200_000 : Integer.getInteger("vesalius.fuzz", 500);
  }

  @ParameterizedTest
  @MethodSource("small")
  void smallTokenizers(Path file) throws IOException {
    compare(file.toString(), TokenizerFiles.read(file), texts());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gemma3",
        "gemma3_text",
        "llama",
        "llava",
        "mistral",
        "qwen2",
        "qwen2_5_vl",
        "qwen2_vl",
        "qwen3",
        "qwen3_moe",
        "qwen3_vl",
        "qwen3_vl_moe",
        "seed_oss"
      })
  void fixtures(String family) throws IOException {
    Path file = TokenizerFiles.fixture(family).resolve("tokenizer.json");
    compare(family, TokenizerFiles.read(file), texts() / 4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "all-minilm-l6-v2",
        "clip",
        "gemma3",
        "llama2",
        "llama3_1",
        "phi-3-mini",
        "qwen3",
        "roberta-base",
        "t5-small"
      })
  void published(String name) throws IOException {
    compare(name, TokenizerFiles.real(name), texts());
  }

  @Test
  void gpt2() throws IOException {
    compare("gpt2", TokenizerFiles.gpt2(), texts());
  }

  private static void compare(String name, byte[] json, int texts) throws IOException {
    Tokenizer tokenizer = Tokenizer.parse(json, name);
    RandomText source =
        new RandomText(SEED, tokenizer.addedTokens().stream().map(AddedToken::content).toList());
    long begin = System.nanoTime();
    try (ReferenceTokenizer reference = ReferenceTokenizer.of(json)) {
      for (int i = 0; i < texts; i++) {
        String text = source.next(i % 100 == 0 ? 400 : 40);
        if (i % 50 == 1) {
          text = source.torn(text);
        }
        compare(tokenizer, reference, text, source, name + " text " + i + " of seed " + SEED);
      }
      List<String> units =
          List.of("a", "Ab3", "肺炎", "e\u0301", "\u0301", "👩🏽\u200d⚕️", "\u2581", "=");
      // The reference is slow on some of them.
      int longTexts = Boolean.getBoolean("vesalius.full") ? units.size() : 1;
      for (int i = 0; i < longTexts; i++) {
        String unit = units.get((i + name.length()) % units.size());
        String text = unit.repeat(100_000 / unit.length());
        compare(tokenizer, reference, text, source, name + " 100,000 times " + escaped(unit));
      }
    }
    if (Boolean.getBoolean("vesalius.full")) {
      System.out.printf(
          "%s: %d texts equal, %d s%n", name, texts, (System.nanoTime() - begin) / 1_000_000_000);
    }
  }

  private static void compare(
      Tokenizer tokenizer,
      ReferenceTokenizer reference,
      String text,
      RandomText source,
      String name) {
    String message =
        name + ": " + escaped(text.length() > 1000 ? text.substring(0, 1000) + "…" : text);
    String carried = RandomText.mended(text);
    int[] ids = tokenizer.encode(text);
    assertArrayEquals(reference.encode(carried), ids, message);
    if (source.random().nextInt(10) == 0) {
      assertArrayEquals(
          reference.encode(carried, true),
          tokenizer.encode(text, new EncodeOptions(true, AddedTokenFilter.ALL)),
          message);
    }
    String decoded = tokenizer.decode(ids, false);
    assertEquals(reference.decode(ids, false), decoded, message);
    StreamingDecoder stream = tokenizer.streamingDecoder(false);
    StringBuilder streamed = new StringBuilder();
    for (int id : ids) {
      streamed.append(stream.append(id));
    }
    assertEquals(decoded, streamed.append(stream.finish()).toString(), message);
    int[] random = randomIds(source, tokenizer.size() + 100, ids);
    assertEquals(
        reference.decode(random, true),
        tokenizer.decode(random, true),
        () -> message + " then ids " + Arrays.toString(random));
  }

  /** Ids that no encoder would write: code points torn apart, ids without a token. */
  private static int[] randomIds(RandomText source, int limit, int[] ids) {
    int[] random = new int[source.random().nextInt(8)];
    for (int i = 0; i < random.length; i++) {
      random[i] =
          switch (source.random().nextInt(3)) {
            case 0 -> source.random().nextInt(limit);
            case 1 -> source.random().nextInt(260);
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
