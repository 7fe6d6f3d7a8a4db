package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.layers.LayerObserver;

/**
 * The demo model answers its held-out pictures with the very tokens of transformers: reports, yes
 * and no, zones, boxes, JSON, reasoning, Chinese, and conversations of several turns.
 *
 * <p>The scalar reference backend would take minutes for all 829 questions, so it gets every ninth,
 * so that all pictures and all kinds of questions occur; {@code -Dvesalius.full=true} asks it
 * everything.
 */
class DemoModelTest {
  private static final int MAX_TOKENS = 256;
  private static final int REFERENCE_STRIDE = 9;

  @TestFactory
  Stream<DynamicTest> heldOutPictures() throws IOException {
    Map<String, List<JsonNode>> byImage = questions();
    return Fixtures.backends().stream()
        .flatMap(backend ->
            byImage.entrySet().stream()
                .map(entry ->
                    DynamicTest.dynamicTest(
                        backend + " " + entry.getKey(), () -> check(backend, entry.getValue()))));
  }

  private static Map<String, List<JsonNode>> questions() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, List<JsonNode>> byImage = new TreeMap<>();
    int number = 0;
    for (String line : Files.readAllLines(Fixtures.demo().resolve("heldout/goldens.jsonl"))) {
      JsonNode golden = json.readTree(line);
      ((com.fasterxml.jackson.databind.node.ObjectNode) golden).put("number", number++);
      String image =
          golden.get("image").isNull() ? "without a picture" : golden.get("image").asText();
      byImage.computeIfAbsent(image, _ -> new ArrayList<>()).add(golden);
    }
    assertEquals(829, number, "questions in the file");
    return byImage;
  }

  private static void check(String backend, List<JsonNode> goldens) {
    Fixtures.requireBackend(backend);
    boolean all = !backend.equals("reference") || Boolean.getBoolean("vesalius.full");
    int asked = 0;
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model =
            ChatModel.open(demo.directory(), OpenOptions.defaults().withBackend(backend))) {
      for (int i = 0; i < goldens.size(); i++) {
        JsonNode golden = goldens.get(i);
        if (all || golden.get("number").asInt() % REFERENCE_STRIDE == 0) {
          ask(model, golden);
          asked++;
        }
      }
    }
    assertFalse(asked == 0, "no question was asked");
  }

  private static void ask(ChatModel model, JsonNode golden) {
    String what = golden.get("image").asText() + ", " + golden.get("kind").asText();
    ChatRequest request =
        ChatRequest.builder().messages(messages(golden)).maxTokens(MAX_TOKENS).build();
    EncodedPrompt prompt = model.promptEncoder().encode(request);
    assertEquals(
        GoldenCase.integers(golden.get("prompt_ids")),
        Arrays.stream(prompt.ids()).boxed().toList(),
        what + ": prompt ids");
    Generation generation =
        model
            .generator()
            .generate(
                request, prompt, System.nanoTime(), GenerationListener.NONE, LayerObserver.NONE);
    assertEquals(
        GoldenCase.integers(golden.get("output_ids")), generation.tokenIds(), what + ": tokens");
  }

  private static List<ChatMessage> messages(JsonNode golden) {
    List<ChatMessage> messages = new ArrayList<>();
    boolean user = true;
    for (JsonNode turn : golden.get("turns")) {
      Part text = Part.text(turn.asText());
      if (user && messages.isEmpty() && !golden.get("image").isNull()) {
        Path image = Fixtures.demo().resolve("heldout").resolve(golden.get("image").asText());
        messages.add(ChatMessage.user(Part.image(image), text));
      } else {
        messages.add(user ? ChatMessage.user(text) : ChatMessage.assistant(turn.asText()));
      }
      user = !user;
    }
    return messages;
  }
}
