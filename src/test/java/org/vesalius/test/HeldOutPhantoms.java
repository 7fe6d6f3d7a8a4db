package org.vesalius.test;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The pictures that the demo model was never trained on, with their truth. */
final class HeldOutPhantoms {
  private HeldOutPhantoms() {}

  /** A line for each picture: what it shows and the ideal answers. */
  static List<JsonNode> truths() throws IOException {
    return lines("ground_truth.jsonl.gz");
  }

  /** A line for each question: the answer of transformers. */
  static List<JsonNode> goldens() throws IOException {
    return lines("goldens.jsonl.gz");
  }

  /** The picture of a line. */
  static Path picture(JsonNode line) {
    return Fixtures.demo().resolve("heldout").resolve(line.get("image").asText());
  }

  private static List<JsonNode> lines(String name) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<JsonNode> nodes = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(
                    Files.newInputStream(Fixtures.demo().resolve("heldout").resolve(name))),
                StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        nodes.add(json.readTree(line));
      }
    }
    return nodes;
  }
}
