package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.tokenizer.Tokenizer;

class TokenizeCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A folder that holds nothing else. */
  @TempDir private Path folder = Path.of("");

  private String model() throws IOException {
    Files.copy(Execution.fixture("qwen2/tokenizer.json"), folder.resolve("tokenizer.json"));
    return folder.toString();
  }

  @Test
  void linesRoundTrip() throws IOException {
    String model = model();
    List<String> texts =
        List.of("Hello, world", "", "two\nlines\t\"quoted\"", "<|im_end|>", "肺炎 🫁 é");
    StringBuilder input = new StringBuilder();
    for (String text : texts) {
      input.append(JSON.writeValueAsString(text)).append('\n');
    }
    Execution run = Execution.of(input.toString(), false, "tokenize", "--model", model, "--jsonl");
    List<String> lines = run.expect(0).out().lines().toList();
    assertEquals(texts.size(), lines.size());
    Tokenizer tokenizer = Tokenizer.load(folder);
    for (int i = 0; i < lines.size(); i++) {
      int[] ids = JSON.readValue(lines.get(i), int[].class);
      assertEquals(texts.get(i), tokenizer.decode(ids, false));
    }
    assertEquals("[]", lines.get(1));
  }

  @Test
  void textShowsIdsAndPieces() throws IOException {
    String model = model();
    Execution run = Execution.of("tokenize", "--model", model, "--text", "a<|im_end|>").expect(0);
    Tokenizer tokenizer = Tokenizer.load(folder);
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size());
    assertEquals(tokenizer.id("<|im_end|>").orElseThrow() + "\t\"<|im_end|>\"", lines.get(1));
  }

  @Test
  void badLinesAreNamed() throws IOException {
    String model = model();
    for (String bad : List.of("[1]", "", "\"open", "\"a\" \"b\"")) {
      Execution run =
          Execution.of("\"fine\"\n" + bad + "\n", false, "tokenize", "--model", model, "--jsonl");
      String error = run.errorLine(Vesalius.FAILURE);
      assertTrue(error.contains("line 2"), error);
      JsonNode first = JSON.readTree(run.out().lines().findFirst().orElseThrow());
      assertTrue(first.isArray());
    }
  }

  @Test
  void aMissingTokenizerIsNamed() {
    String error =
        Execution.of("tokenize", "--model", folder.toString(), "--text", "a")
            .errorLine(Vesalius.FAILURE);
    assertTrue(error.contains("tokenizer.json") && error.contains("no such file"), error);
  }
}
