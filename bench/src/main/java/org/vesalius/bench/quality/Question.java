package org.vesalius.bench.quality;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Part;

/**
 * A question to the demo model.
 *
 * @param kind such as {@code report /think}
 * @param image the picture, if it is about one
 * @param turns user, assistant, user, ...; ends with the user
 * @param golden the tokens that transformers answers with in float32, the last of which ends the
 *     answer
 * @param truth the right answer, as the drawing was made, if there is one
 */
record Question(
    String kind,
    Optional<Path> image,
    List<String> turns,
    List<Integer> golden,
    Optional<String> truth) {
  private static final int MAX_TOKENS = 256;

  /**
   * Reads {@code goldens.jsonl.gz} and {@code ground_truth.jsonl.gz} of a folder.
   *
   * @throws IOException if the folder lacks one of them
   */
  static List<Question> read(Path folder) throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, JsonNode> truths = new HashMap<>();
    for (String line : unpacked(folder.resolve("ground_truth.jsonl.gz"))) {
      JsonNode truth = json.readTree(line);
      truths.put(truth.path("image").asText(), truth.path("answers"));
    }
    List<Question> questions = new ArrayList<>();
    for (String line : unpacked(folder.resolve("goldens.jsonl.gz"))) {
      JsonNode golden = json.readTree(line);
      Optional<String> image = text(golden.path("image"));
      String kind = golden.path("kind").asText();
      Optional<String> truth = image.map(truths::get).flatMap(answers -> text(answers.path(kind)));
      List<String> turns = new ArrayList<>();
      golden.path("turns").forEach(turn -> turns.add(turn.asText()));
      List<Integer> ids = new ArrayList<>();
      golden.path("output_ids").forEach(id -> ids.add(id.asInt()));
      questions.add(new Question(kind, image.map(folder::resolve), turns, ids, truth));
    }
    return questions;
  }

  private static List<String> unpacked(Path file) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  private static Optional<String> text(JsonNode node) {
    return node.isTextual() ? Optional.of(node.asText()) : Optional.empty();
  }

  ChatRequest request() {
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < turns.size(); i++) {
      Part text = Part.text(turns.get(i));
      if (i % 2 == 1) {
        messages.add(ChatMessage.assistant(turns.get(i)));
      } else if (i == 0 && image.isPresent()) {
        messages.add(ChatMessage.user(Part.image(image.get()), text));
      } else {
        messages.add(ChatMessage.user(text));
      }
    }
    return ChatRequest.builder().messages(messages).maxTokens(MAX_TOKENS).build();
  }
}
