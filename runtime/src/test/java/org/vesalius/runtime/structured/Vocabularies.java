package org.vesalius.runtime.structured;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.vesalius.tokenizer.Tokenizer;

/** Vocabularies that tests constrain. */
final class Vocabularies {
  static final List<String> MARKS =
      List.of(
          "<think>",
          "</think>",
          "<tool_call>",
          "</tool_call>",
          "[TOOL_CALLS]",
          "[ARGS]",
          "<|python_tag|>",
          "<seed:tool_call>",
          "</seed:tool_call>");

  /** What real vocabularies have that goes across the borders of JSON, characters and marks. */
  private static final List<String> MERGED =
      List.of(
          "\"",
          "\",",
          "\", \"",
          "\":",
          "\": ",
          "\": \"",
          "\"}",
          "\"]",
          "{\"",
          "[\"",
          "{}",
          "[]",
          "}}",
          "]]",
          "},",
          "], ",
          "\"},{\"",
          ",\"",
          "\":\"",
          "\":{\"",
          "\"a\":",
          ",\"a\":1",
          "{\"a\": 1}",
          "true",
          "false",
          "null",
          "tru",
          "nul",
          "10",
          "00",
          "123",
          "-1",
          "1.",
          ".5",
          "e",
          "E+",
          "e-1",
          " ",
          "  ",
          "    ",
          "\n",
          "\n  ",
          "\n\n",
          "\\",
          "\\n",
          "\\\"",
          "\\u",
          "\\u00",
          "\\ud83d",
          "\\ud83d\\ude00",
          "ab",
          "abc",
          "aa",
          "aaaaaaaaaaaaaaaaaaaaaaaaaa",
          "é",
          "肺",
          "肺炎",
          "😀",
          "\"肺",
          "name",
          "value",
          "\"name\"",
          "2024-",
          "-0",
          "://",
          "@a.b",
          "</",
          "<tool",
          "_call>",
          "<tool_call",
          "{\"name\": \"",
          "arguments",
          "\"arguments\": {",
          "</parameter",
          ">\n",
          "\u00a0",
          "\u2028",
          "x\"",
          "b\",\"b",
          "\",\"",
          "\"\":",
          "\"\"",
          "[]]",
          "{\"\":");

  private Vocabularies() {}

  /** All single bytes, pieces of characters, and merged tokens; small enough for brute force. */
  static TokenVocabulary nasty() {
    return nasty(true, false);
  }

  static TokenVocabulary nasty(boolean markTokens, boolean dropsLeadingSpace) {
    List<byte @Nullable []> bytes = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      bytes.add(new byte[] {(byte) b});
    }
    for (String text : MERGED) {
      byte[] all = text.getBytes(StandardCharsets.UTF_8);
      bytes.add(all);
      // The same bytes twice, and cut inside of a character.
      if (all.length > 2) {
        bytes.add(Arrays.copyOf(all, all.length - 1));
        bytes.add(Arrays.copyOfRange(all, 1, all.length));
      }
    }
    bytes.add("\"".getBytes(StandardCharsets.UTF_8));
    bytes.add(null);
    bytes.add(new byte[0]);
    Map<String, Integer> added = new LinkedHashMap<>();
    for (String mark : List.of("<|end|>", "<|image|>")) {
      added.put(mark, bytes.size());
      bytes.add(mark.getBytes(StandardCharsets.UTF_8));
    }
    for (String mark : markTokens ? MARKS : List.<String>of()) {
      added.put(mark, bytes.size());
      bytes.add(mark.getBytes(StandardCharsets.UTF_8));
    }
    return TokenVocabulary.of(bytes, added, MARKS, dropsLeadingSpace);
  }

  /** A published tokenizer; skips the test where it is not there. */
  static Tokenizer real(String name) {
    String assets = System.getProperty("vesalius.assets", "");
    assumeTrue(!assets.isEmpty(), "-Dvesalius.assets is not set: " + name + " is not tested");
    Path plain = Path.of(assets, "tokenizers", name, "tokenizer.json");
    Path packed = Path.of(assets, "tokenizers", name, "tokenizer.json.gz");
    assumeTrue(
        Files.exists(plain) || Files.exists(packed), "the tokenizer of " + name + " is missing");
    try (InputStream in = Files.newInputStream(Files.exists(plain) ? plain : packed)) {
      byte[] json =
          Files.exists(plain) ? in.readAllBytes() : new GZIPInputStream(in).readAllBytes();
      return Tokenizer.parse(json, name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of a token as a reader sees it; marks as they are spelled. */
  static byte[] bytes(TokenVocabulary vocabulary, int id) {
    char[] symbols = vocabulary.symbols(id);
    if (symbols.length == 1 && symbols[0] >= Utf8.FIRST_MARK_BYTE) {
      for (String mark : MARKS) {
        var symbol = vocabulary.mark(mark);
        if (symbol.isPresent()
            && symbol.getAsInt() - Utf8.FIRST_MARK + Utf8.FIRST_MARK_BYTE == symbols[0]) {
          return mark.getBytes(StandardCharsets.UTF_8);
        }
      }
      return "<|other|>".getBytes(StandardCharsets.UTF_8);
    }
    byte[] bytes = new byte[symbols.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) symbols[i];
    }
    return bytes;
  }
}
