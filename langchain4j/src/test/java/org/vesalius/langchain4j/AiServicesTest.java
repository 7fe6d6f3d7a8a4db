package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.Result;
import dev.langchain4j.service.TokenStream;
import dev.langchain4j.service.UserMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.ToolChoice;

/** LangChain4j's own services on the demo model. */
class AiServicesTest {
  private static final int MEMORY = 20;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static DemoChat demo;

  @BeforeAll
  static void open() {
    demo = DemoChat.open();
  }

  @AfterAll
  static void close() {
    demo.close();
  }

  /** What is asked of a picture. */
  record Findings(String nodule, String effusion, boolean cardiomegaly, String consolidation) {}

  /** Asks about pictures. */
  interface Radiologist {
    String report(@UserMessage ImageContent picture, @UserMessage String question);

    Result<String> withDetails(@UserMessage ImageContent picture, @UserMessage String question);

    String more(@UserMessage String question);

    Findings findings(@UserMessage ImageContent picture, @UserMessage String question);
  }

  /** The same as a stream. */
  interface StreamingRadiologist {
    TokenStream report(@UserMessage ImageContent picture, @UserMessage String question);
  }

  /** Remembers what goes to the demo model. */
  private static final class Watched implements Answering {
    final List<ChatRequest> requests = new ArrayList<>();

    @Override
    public Generation generate(
        ChatRequest request, org.vesalius.runtime.GenerationListener listener) {
      requests.add(request);
      return demo.model().generate(request, listener);
    }
  }

  private static VesaliusChatModel chat(Answering model) {
    return new VesaliusChatModel(new Adapter(model, "demo", AdapterOptions.defaults()));
  }

  @Test
  void aReport() {
    Radiologist radiologist =
        AiServices.create(Radiologist.class, new VesaliusChatModel(demo.model()));
    Generation direct = demo.direct("effusion.png", "Write a report.");
    assertEquals(
        direct.text(), radiologist.report(demo.picture("effusion.png"), "Write a report."));
    Result<String> result =
        radiologist.withDetails(demo.picture("effusion.png"), "Write a report.");
    assertEquals(direct.text(), result.content());
    assertEquals(FinishReason.STOP, result.finishReason());
    assertEquals(direct.usage().promptTokens(), result.tokenUsage().inputTokenCount());
    assertEquals(direct.usage().completionTokens(), result.tokenUsage().outputTokenCount());
  }

  @Test
  void aTypedAnswerAsksForItsSchema() {
    Watched model = new Watched();
    Radiologist radiologist = AiServices.create(Radiologist.class, chat(model));
    // The toy model knows other properties, too; the schema leaves it these, and then ends.
    Findings findings =
        radiologist.findings(demo.picture("several.png"), "List the findings as JSON.");
    assertEquals(
        new Findings("right upper", "small left", false, findings.consolidation()), findings);
    assertTrue(findings.consolidation().startsWith("right mid"), findings::toString);
    ResponseFormat.JsonSchema format =
        assertInstanceOf(
            ResponseFormat.JsonSchema.class, model.requests.getFirst().responseFormat());
    Map<?, ?> properties = assertInstanceOf(Map.class, format.schema().get("properties"));
    assertEquals(
        List.of("nodule", "effusion", "cardiomegaly", "consolidation"),
        List.copyOf(properties.keySet()));
    assertEquals(Map.of("type", "boolean"), properties.get("cardiomegaly"));
    assertEquals(false, format.schema().get("additionalProperties"));
  }

  @Test
  void aConversationWithMemory() {
    Radiologist radiologist =
        AiServices.builder(Radiologist.class)
            .chatModel(new VesaliusChatModel(demo.model()))
            .chatMemory(MessageWindowChatMemory.withMaxMessages(MEMORY))
            .build();
    String first = radiologist.report(demo.picture("nodule.png"), "Is there a nodule?");
    String second = radiologist.more("In which zone is the nodule?");
    assertEquals(
        demo.model()
            .generate(
                ChatRequest.builder()
                    .user(
                        Part.image(demo.demo().example("nodule.png")),
                        Part.text("Is there a nodule?"))
                    .message(ChatMessage.assistant(first))
                    .user("In which zone is the nodule?")
                    .build())
            .text(),
        second);
    assertEquals("Left upper.", second);
  }

  @Test
  void aTokenStreamWithReasoning() throws Exception {
    StreamingRadiologist radiologist =
        AiServices.builder(StreamingRadiologist.class)
            .streamingChatModel(new VesaliusStreamingChatModel(demo.model()))
            .build();
    StringBuilder text = new StringBuilder();
    StringBuilder thinking = new StringBuilder();
    CompletableFuture<ChatResponse> complete = new CompletableFuture<>();
    radiologist
        .report(demo.picture("nodule.png"), "Write a report. /think")
        .onPartialResponse(text::append)
        .onPartialThinking(partial -> thinking.append(partial.text()))
        .onCompleteResponse(complete::complete)
        .onError(complete::completeExceptionally)
        .start();
    ChatResponse response = complete.get(60, TimeUnit.SECONDS);
    Generation direct = demo.direct("nodule.png", "Write a report. /think");
    assertEquals(direct.text(), text.toString());
    assertEquals(direct.reasoning(), thinking.toString());
    assertEquals(direct.text(), response.aiMessage().text());
    assertEquals(direct.usage().completionTokens(), response.tokenUsage().outputTokenCount());
  }

  /** A tool that remembers its calls. */
  static final class Archive {
    final List<String> calls = new ArrayList<>();

    @Tool("Earlier reports of a patient")
    String earlier(@P("the patient's number") int patient, @P("the year") String year) {
      calls.add(patient + " in " + year);
      return "In " + year + " there was a nodule in the left upper zone.";
    }
  }

  /** The demo model knows no tools, so that the call is written for it; the rest is its own. */
  private static ScriptedModel callingThenDemo() {
    return new ScriptedModel()
        .then(
            ScriptedModel.generation(
                "",
                "I look it up.",
                List.of(ScriptedModel.call(null, "earlier", Map.of("patient", 17, "year", "2019"))),
                org.vesalius.runtime.FinishReason.STOP))
        .then((request, listener) -> demo.model().generate(request, listener));
  }

  private static void checkToolConversation(ScriptedModel model, Archive archive) {
    assertEquals(List.of("17 in 2019"), archive.calls);
    ChatRequest first = model.requests().getFirst();
    assertEquals(ToolChoice.auto(), first.toolChoice());
    Map<?, ?> function = assertInstanceOf(Map.class, first.tools().getFirst().get("function"));
    assertEquals("earlier", function.get("name"));
    assertEquals("Earlier reports of a patient", function.get("description"));
    Map<?, ?> parameters = assertInstanceOf(Map.class, function.get("parameters"));
    assertEquals(List.of("patient", "year"), parameters.get("required"));

    List<ChatMessage> messages = model.requests().get(1).messages();
    assertEquals(
        List.of("user", "assistant", "tool"), messages.stream().map(ChatMessage::role).toList());
    List<?> calls = assertInstanceOf(List.class, messages.get(1).fields().get("tool_calls"));
    Map<?, ?> call = assertInstanceOf(Map.class, calls.getFirst());
    assertEquals("I look it up.", messages.get(1).fields().get("reasoning_content"));
    assertEquals(
        new ChatMessage(
            "tool",
            new ChatMessage.Content.Plain("In 2019 there was a nodule in the left upper zone."),
            Map.of("tool_call_id", String.valueOf(call.get("id")), "name", "earlier")),
        messages.get(2));
  }

  @Test
  void aToolIsCalledAndItsResultGoesBack() {
    ScriptedModel model = callingThenDemo();
    Archive archive = new Archive();
    Radiologist radiologist =
        AiServices.builder(Radiologist.class).chatModel(chat(model)).tools(archive).build();
    String answer = radiologist.report(demo.picture("nodule.png"), "Is there a nodule?");
    checkToolConversation(model, archive);
    assertEquals(demo.model().generate(model.requests().get(1)).text(), answer);
    assertTrue(!answer.isBlank(), answer);
  }

  @Test
  void aToolIsCalledInAStreamToo() throws Exception {
    ScriptedModel model = callingThenDemo();
    Archive archive = new Archive();
    StreamingRadiologist radiologist =
        AiServices.builder(StreamingRadiologist.class)
            .streamingChatModel(new VesaliusStreamingChatModel(model.adapter()))
            .tools(archive)
            .build();
    StringBuilder text = new StringBuilder();
    CompletableFuture<ChatResponse> complete = new CompletableFuture<>();
    radiologist
        .report(demo.picture("nodule.png"), "Is there a nodule?")
        .onPartialResponse(text::append)
        .onCompleteResponse(complete::complete)
        .onError(complete::completeExceptionally)
        .start();
    String answer = complete.get(60, TimeUnit.SECONDS).aiMessage().text();
    checkToolConversation(model, archive);
    assertEquals(answer, text.toString());
    assertEquals(demo.model().generate(model.requests().get(1)).text(), answer);
  }
}
