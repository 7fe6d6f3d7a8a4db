package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vesalius.clinical.agent.Agent;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.AgentLimits;
import org.vesalius.clinical.agent.AgentModel;
import org.vesalius.clinical.agent.AgentResult;
import org.vesalius.clinical.agent.AgentTask;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.ModelFingerprint;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.PreparedPicture;
import org.vesalius.runtime.answer.AnswerParser;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.answer.ToolCallFormat;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * The agent with real templates of every family. The tiny models call no tool by themselves, so
 * their first answer is given, in the syntax of the family; it is parsed, carried out, and told
 * back through the family's own template to the real model, which then answers.
 */
class AgentFamiliesTest {

  /** A tool that answers with words and, where there is a picture, with a part of it. */
  private record LookTool() implements Tool {
    @Override
    public String name() {
      return "look";
    }

    @Override
    public String description() {
      return "Looks closer.";
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of("type", "object", "properties", Map.of("what", Map.of("type", "string")));
    }

    @Override
    public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
      String text = "looked at " + arguments.get("what");
      if (context.images().isEmpty()) {
        return ToolResult.of(text);
      }
      AgentImage image = context.image(0);
      return ToolResult.of(
          text, image.madeInto(image.picture().cropped(4, 4, 40, 40), "closer", 0));
    }
  }

  /** A model whose first answer is given. */
  private record Begun(ChatModel model, String first, List<ChatRequest> requests)
      implements AgentModel {
    @Override
    public Generation generate(ChatRequest request, GenerationListener listener) {
      requests.add(request);
      if (requests.size() > 1) {
        return model.generate(request, listener);
      }
      ParsedAnswer parsed =
          AnswerParser.parse(first, model.answerFormat(), request.tools(), List.of());
      return new Generation(
          "first",
          parsed.text(),
          parsed.reasoning(),
          false,
          parsed.toolCalls(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          FinishReason.STOP,
          new Generation.Usage(0, 0, 0, 0, DraftAcceptance.NONE),
          new Generation.Timings(0, 0, 0, 0, 0, 0),
          "given",
          0);
    }

    @Override
    public List<PreparedPicture> pictures(ChatRequest request) {
      return model.pictures(request);
    }

    @Override
    public ToolCallFormat callFormat() {
      return model.answerFormat().toolCalls();
    }

    @Override
    public boolean describesTools() {
      return model.describesTools();
    }
  }

  private static String call(ToolCallFormat format, String what) {
    String named = "{\"name\": \"look\", \"%s\": {\"what\": \"%s\"}}";
    return switch (format) {
      case HERMES -> "<tool_call>\n" + named.formatted("arguments", what) + "\n</tool_call>";
      case SEED_XML ->
          "<seed:tool_call>\n<function=look>\n<parameter=what>%s</parameter>\n</function>\n</seed:tool_call>"
              .formatted(what);
      case MISTRAL ->
          "[TOOL_CALLS][{\"name\": \"look\", \"arguments\": {\"what\": \"%s\"}, \"id\": \"abcdefghi\"}]"
              .formatted(what);
      case LLAMA_JSON -> named.formatted("parameters", what);
      case GEMMA -> "```json\n" + named.formatted("parameters", what) + "\n```";
      case NONE -> "";
    };
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2, true, false",
    "qwen3, true, false",
    "small_qwen3_moe, true, false",
    "small_qwen3_vl, true, true",
    "small_qwen3_vl_moe, true, true",
    "qwen2_5_vl, false, true",
    "small_qwen2_vl, false, true",
    "small_gemma3, false, true",
    "small_gemma3_text, false, false",
    "small_llama, true, false",
    "small_mistral, true, false",
    "small_seed_oss, true, false",
    "seed_vl, true, true"
  })
  void resultsReachTheModelByItsOwnTemplate(String family, boolean templated, boolean seeing)
      throws InterruptedException {
    try (ChatModel model =
        ChatModel.open(Fixtures.root().resolve("src/test/fixtures").resolve(family))) {
      assertEquals(templated, model.describesTools());
      List<ChatRequest> requests = new ArrayList<>();
      String first = call(model.answerFormat().toolCalls(), "the apex");
      AgentModel begun = new Begun(model, first, requests);
      Agent agent = new Agent(begun, List.of(new LookTool()), AgentLimits.defaults().withTurns(2));
      List<AgentImage> images =
          seeing
              ? List.of(AgentImage.of(RasterImage.ofRgb(64, 64, new byte[3 * 64 * 64]), "picture"))
              : List.of();
      TraceRecorder trace = new TraceRecorder(false);
      AgentResult result = agent.run(AgentTask.of("What is it?", images), trace);
      assertEquals(2, result.turns());
      assertEquals(Map.of("look", 1), result.calls());
      assertEquals(seeing ? 2 : 0, result.images().size());
      String prompt = model.promptEncoder().encode(requests.get(1)).text();
      assertTrue(prompt.contains("looked at the apex"), prompt);
      assertTrue(prompt.contains("Looks closer."), prompt);
      assertEquals(seeing ? 2 : 0, model.pictures(requests.get(1)).size());
    }
  }

  @Test
  void aFingerprintTellsModelsApart() throws Exception {
    Path folder = Fixtures.root().resolve("src/test/fixtures/qwen2_5_vl");
    ModelFingerprint one;
    try (ChatModel model = ChatModel.open(folder)) {
      one = model.fingerprint();
      assertEquals(one, model.fingerprint());
    }
    MessageDigest all = MessageDigest.getInstance("SHA-256");
    all.update(sha256(folder.resolve("model.safetensors")));
    assertEquals(HexFormat.of().formatHex(all.digest()), one.weightsSha256());
    assertEquals(
        HexFormat.of().formatHex(sha256(folder.resolve("tokenizer.json"))), one.tokenizerSha256());
    assertEquals(
        HexFormat.of().formatHex(sha256(folder.resolve("config.json"))), one.configSha256());
    assertEquals(
        HexFormat.of().formatHex(sha256(folder.resolve("chat_template.jinja"))),
        one.templateSha256());
    try (ChatModel model = ChatModel.open(folder.resolveSibling("small_qwen2_vl"))) {
      assertNotEquals(one.weightsSha256(), model.fingerprint().weightsSha256());
    }
  }

  private static byte[] sha256(Path file) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
  }

  @Test
  void picturesAreToldApartByWhatTheModelSees() throws IOException {
    try (ChatModel model =
        ChatModel.open(Fixtures.root().resolve("src/test/fixtures/qwen2_5_vl"))) {
      byte[] black = new byte[3 * 64 * 64];
      byte[] other = black.clone();
      other[0] = (byte) 255;
      List<PreparedPicture> pictures =
          model.pictures(
              ChatRequest.builder()
                  .user(
                      new Part.Pixels(RasterImage.ofRgb(64, 64, black), "a"),
                      new Part.Pixels(RasterImage.ofRgb(64, 64, black), "b"),
                      new Part.Pixels(RasterImage.ofRgb(64, 64, other), "c"))
                  .build());
      assertEquals(pictures.get(0).sha256(), pictures.get(1).sha256());
      assertNotEquals(pictures.get(0).sha256(), pictures.get(2).sha256());
      assertTrue(pictures.get(0).tokens() > 0);
      assertEquals(64, pictures.get(0).transform().sourceWidth());
    }
  }
}
