package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path VISION = Execution.fixture("qwen2_5_vl");
  private static final Path TEXT = Execution.fixture("qwen3");

  @TempDir private Path folder = Path.of("");

  private static JsonNode golden(Path family, String name) throws IOException {
    return JSON.readTree(Files.readAllBytes(family.resolve("cases").resolve(name + ".json")));
  }

  private static Execution run(Path model, String... more) {
    List<String> args =
        new java.util.ArrayList<>(
            List.of(
                "run", "--model", model.toString(), "--backend", "reference", "--kv-cache", "f32"));
    args.addAll(List.of(more));
    return Execution.of(args.toArray(String[]::new));
  }

  @Test
  void jsonHasAllKeysAndNothingElseIsPrinted() throws IOException {
    JsonNode golden = golden(VISION, "square");
    Execution run =
        run(
            VISION,
            "--image",
            VISION.resolve("images/square.png").toString(),
            "--prompt",
            "Describe this chest X-ray.",
            "--max-tokens",
            "24",
            "--logprobs",
            "3",
            "--format",
            "json");
    JsonNode json = run.expect(0).json();
    assertEquals(golden.get("new_token_ids"), json.get("token_ids"));
    assertEquals(golden.get("new_text"), json.get("text"));
    assertEquals(golden.get("prompt_tokens"), json.get("prompt_tokens"));
    assertEquals("", json.get("reasoning").asText());
    assertEquals("length", json.get("finish_reason").asText());
    assertEquals(24, json.get("completion_tokens").asInt());
    assertEquals(0, json.get("cached_tokens").asInt());
    assertTrue(json.get("backend").asText().startsWith("reference"), run.out());
    assertEquals("f32", json.get("kv_cache").asText());
    assertEquals(
        Set.of(
            "load",
            "preprocess",
            "queue",
            "vision",
            "prefill",
            "decode",
            "ttft",
            "decode_tokens_per_s"),
        names(json.get("timings")));
    assertTrue(json.get("timings").get("vision").asDouble() > 0);
    assertTrue(
        json.get("timings").get("ttft").asDouble()
            >= json.get("timings").get("prefill").asDouble());
    assertEquals(24, json.get("logprobs").size());
    for (int i = 0; i < 24; i++) {
      JsonNode token = json.get("logprobs").get(i);
      assertEquals(json.get("token_ids").get(i), token.get("id"));
      assertEquals(3, token.get("top").size());
      assertEquals(
          token.get("id"), token.get("top").get(0).get("id"), "greedy takes the likeliest");
      assertTrue(token.get("logprob").asDouble() < 0);
    }
    assertEquals("", run.err());
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void guessesChangeNoAnswer() {
    JsonNode alone = run(TEXT, "--prompt", "Hi", "--max-tokens", "20", "--format", "json").json();
    assertEquals(0, alone.get("guessed_tokens").asInt());
    JsonNode guessed =
        run(
                TEXT,
                "--prompt",
                "Hi",
                "--max-tokens",
                "20",
                "--format",
                "json",
                "--draft",
                TEXT.toString())
            .expect(0)
            .json();
    assertEquals(alone.get("token_ids"), guessed.get("token_ids"));
    assertTrue(guessed.get("guessed_tokens").asInt() > 0, "guesses");
    assertTrue(guessed.get("accepted_tokens").asInt() > 0, "right ones: it is the same model");
    var other = run(TEXT, "--prompt", "Hi", "--draft", "nowhere").expect(1);
    assertTrue(other.err().contains("nowhere"), other.err());
    var many = run(TEXT, "--prompt", "Hi", "--guess", "1000").expect(2);
    assertTrue(many.err().contains("speculative tokens"), many.err());
  }

  @Test
  void logprobsAreNullUnlessAskedFor() {
    JsonNode json = run(TEXT, "--prompt", "Hi", "--max-tokens", "1", "--format", "json").json();
    assertTrue(json.get("logprobs").isNull());
  }

  @Test
  void picturesOfMessagesMayBePathsOrUrls() throws IOException {
    Path image = Files.copy(VISION.resolve("images/square.png"), folder.resolve("a picture.png"));
    String data = Base64.getEncoder().encodeToString(Files.readAllBytes(image));
    JsonNode golden = golden(VISION, "square");
    for (String url :
        List.of(
            "a picture.png",
            image.toAbsolutePath().toString(),
            image.toUri().toString(),
            "data:image/png;base64," + data)) {
      ArrayNode messages = golden.get("messages").deepCopy();
      ObjectNode part = (ObjectNode) messages.get(0).get("content").get(0).get("image_url");
      part.put("url", url);
      Path file = folder.resolve("messages.json");
      Files.write(file, JSON.writeValueAsBytes(messages));
      JsonNode json =
          run(VISION, "--messages", file.toString(), "--max-tokens", "24", "--format", "json")
              .expect(0)
              .json();
      assertEquals(golden.get("new_token_ids"), json.get("token_ids"), url);
    }
  }

  @Test
  void messagesMayComeWithToolsAndVariables() throws IOException {
    for (String name : List.of("tool_call", "no_thinking")) {
      JsonNode golden = golden(TEXT, name);
      ObjectNode conversation = JSON.createObjectNode();
      conversation.set("messages", golden.get("messages"));
      conversation.set("tools", golden.get("tools"));
      conversation.set("template_kwargs", golden.get("template_kwargs"));
      Path file = folder.resolve("conversation.json");
      Files.write(file, JSON.writeValueAsBytes(conversation));
      JsonNode json =
          run(TEXT, "--messages", file.toString(), "--max-tokens", "24", "--format", "json")
              .expect(0)
              .json();
      assertEquals(golden.get("prompt_tokens"), json.get("prompt_tokens"), name);
      assertEquals(golden.get("new_token_ids"), json.get("token_ids"), name);
    }
  }

  @Test
  void textIsTheAnswerAloneOnStandardOutput() throws IOException {
    Execution run = run(TEXT, "--prompt", "Is it benign?", "--max-tokens", "6");
    JsonNode json =
        run(TEXT, "--prompt", "Is it benign?", "--max-tokens", "6", "--format", "json").json();
    assertEquals(json.get("text").asText() + "\n", run.expect(0).out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains("6 answer tokens"), run.err());
    assertFalse(run.err().contains("\u001b"), run.err());
  }

  @Test
  void thePromptMayComeFromStandardInput() {
    JsonNode typed =
        run(TEXT, "--prompt", "two\nlines", "--max-tokens", "3", "--format", "json").json();
    Execution piped =
        Execution.of(
            "two\nlines\n",
            false,
            "run",
            "--model",
            TEXT.toString(),
            "--backend",
            "reference",
            "--kv-cache",
            "f32",
            "--prompt",
            "-",
            "--max-tokens",
            "3",
            "--format",
            "json");
    assertEquals(typed.get("token_ids"), piped.expect(0).json().get("token_ids"));
    assertEquals(typed.get("prompt_tokens"), piped.json().get("prompt_tokens"));
  }

  @Test
  void aTerminalGetsProgressAndAPipeDoesNot() {
    String[] args = {
      "run",
      "--model",
      VISION.toString(),
      "--backend",
      "reference",
      "--image",
      VISION.resolve("images/square.png").toString(),
      "--prompt",
      "Hi",
      "--max-tokens",
      "2"
    };
    Execution watched = Execution.of("", true, args).expect(0);
    assertTrue(watched.err().contains("Images"), watched.err());
    assertTrue(watched.err().contains("\r\u001b[K"), watched.err());
    Execution piped = Execution.of(args).expect(0);
    assertFalse(piped.err().contains("Images"), piped.err());
    assertEquals(piped.out(), watched.out());
  }

  @Test
  void aSeedRepeatsSampling() {
    String[] sampling = {
      "--prompt",
      "Hi",
      "--max-tokens",
      "8",
      "--format",
      "json",
      "--temperature",
      "1",
      "--top-k",
      "50",
      "--top-p",
      "0.9",
      "--min-p",
      "0.01",
      "--repetition-penalty",
      "1.1",
      "--presence-penalty",
      "0.1",
      "--frequency-penalty",
      "0.1",
      "--seed",
      "7"
    };
    JsonNode first = run(TEXT, sampling).expect(0).json();
    assertEquals(first.get("token_ids"), run(TEXT, sampling).json().get("token_ids"));
    assertEquals(7, first.get("seed").asInt());
  }

  @Test
  void recommendedSamplingIsTheCheckpoints() throws IOException {
    // Nearly zero temperature with a repetition penalty: not the greedy answer, and the same every
    // time.
    String[] recommended = {
      "--prompt",
      "Report: nodule nodule nodule",
      "--max-tokens",
      "12",
      "--format",
      "json",
      "--recommended-sampling"
    };
    JsonNode config = JSON.readTree(Files.readAllBytes(VISION.resolve("generation_config.json")));
    JsonNode first = run(VISION, recommended).expect(0).json();
    JsonNode same =
        run(
                VISION,
                "--prompt",
                "Report: nodule nodule nodule",
                "--max-tokens",
                "12",
                "--format",
                "json",
                "--temperature",
                config.get("temperature").asText(),
                "--top-k",
                config.path("top_k").asText("50"),
                "--top-p",
                config.path("top_p").asText("1"),
                "--repetition-penalty",
                config.get("repetition_penalty").asText())
            .expect(0)
            .json();
    assertEquals(first.get("token_ids"), same.get("token_ids"));
  }

  @Test
  void aStopStringEndsTheAnswer() throws IOException {
    String all =
        run(TEXT, "--prompt", "Hi", "--max-tokens", "8", "--format", "json")
            .json()
            .get("text")
            .asText();
    String stop = all.substring(all.length() / 2, all.length() / 2 + 1);
    JsonNode json =
        run(TEXT, "--prompt", "Hi", "--max-tokens", "8", "--format", "json", "--stop", stop).json();
    assertEquals(all.substring(0, all.indexOf(stop)), json.get("text").asText());
    assertEquals("stop", json.get("finish_reason").asText());
  }

  @Test
  void failuresAreOneLine() throws IOException {
    String noModel = run(folder.resolve("none"), "--prompt", "x").errorLine(Vesalius.FAILURE);
    assertTrue(noModel.contains("none: expected the folder of a model"), noModel);

    String noImage =
        run(VISION, "--prompt", "x", "--image", folder.resolve("no.png").toString())
            .errorLine(Vesalius.FAILURE);
    assertTrue(noImage.contains("no.png") && noImage.contains("no such file"), noImage);

    Path notImage = Files.writeString(folder.resolve("a.png"), "not a picture");
    String badImage =
        run(VISION, "--prompt", "x", "--image", notImage.toString()).errorLine(Vesalius.FAILURE);
    assertTrue(badImage.contains("a.png"), badImage);

    String textModel =
        run(TEXT, "--prompt", "x", "--image", VISION.resolve("images/square.png").toString())
            .errorLine(Vesalius.FAILURE);
    assertTrue(textModel.contains("text only"), textModel);

    String tooLong =
        run(TEXT, "--prompt", "x", "--context", "16", "--max-tokens", "16")
            .errorLine(Vesalius.FAILURE);
    assertTrue(tooLong.contains("does not fit the context"), tooLong);

    Path broken = Files.writeString(folder.resolve("m.json"), "[{\"role\": 1}]");
    String badMessages = run(TEXT, "--messages", broken.toString()).errorLine(Vesalius.FAILURE);
    assertTrue(badMessages.contains("m.json: messages[0]"), badMessages);

    String noMessages =
        run(TEXT, "--messages", folder.resolve("no.json").toString()).errorLine(Vesalius.FAILURE);
    assertTrue(noMessages.contains("no.json") && noMessages.contains("no such file"), noMessages);
  }

  @Test
  void verboseAddsTheStackTrace() {
    Execution run = run(folder.resolve("none"), "--prompt", "x", "--verbose").expect(1);
    assertTrue(run.err().contains("\tat org.vesalius.cli."), run.err());
  }
}
