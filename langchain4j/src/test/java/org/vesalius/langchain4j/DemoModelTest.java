package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingHandle;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.vision.image.ImageFormatException;

/** What the demo model answers by way of LangChain4j is what it answers without. */
class DemoModelTest {
  private static final String REPORT =
      "Findings: There is a nodule in the left upper zone. No pleural effusion or pneumothorax."
          + " The heart size is normal.\nImpression: Left upper nodule.";

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

  private static VesaliusChatModel chat() {
    return new VesaliusChatModel(demo.model());
  }

  private static Generation generation(ChatResponse response) {
    return assertInstanceOf(VesaliusChatResponseMetadata.class, response.metadata()).generation();
  }

  @Test
  void aReportWithUsageAndName() {
    ChatResponse response = chat().chat(demo.message("nodule.png", "Write a report."));
    Generation direct = demo.direct("nodule.png", "Write a report.");
    assertEquals(REPORT, response.aiMessage().text());
    assertNull(response.aiMessage().thinking());
    assertEquals(direct.tokenIds(), generation(response).tokenIds());
    assertEquals(
        new TokenUsage(direct.usage().promptTokens(), direct.tokenIds().size()),
        response.tokenUsage());
    assertEquals(FinishReason.STOP, response.finishReason());
    assertEquals(demo.model().family(), response.modelName());
  }

  @Test
  void aPictureAsBase64IsTheSamePicture() throws IOException {
    byte[] bytes = Files.readAllBytes(demo.demo().example("nodule.png"));
    String base64 = Base64.getEncoder().encodeToString(bytes);
    for (ImageContent picture :
        List.of(
            ImageContent.from(base64, "image/png"),
            ImageContent.from("data:image/png;base64," + base64))) {
      assertEquals(
          REPORT,
          chat()
              .chat(UserMessage.from(picture, TextContent.from("Write a report.")))
              .aiMessage()
              .text());
    }
  }

  @Test
  void severalPicturesAndTextsKeepTheirOrder() {
    String question = "Is there a pleural effusion?";
    ChatResponse response =
        chat()
            .chat(
                UserMessage.from(
                    TextContent.from("First: "),
                    demo.picture("effusion.png"),
                    TextContent.from(" Then: "),
                    demo.picture("normal.png"),
                    TextContent.from(question)));
    Generation direct =
        demo.model()
            .generate(
                org.vesalius.runtime.ChatRequest.builder()
                    .user(
                        Part.text("First: "),
                        Part.image(demo.demo().example("effusion.png")),
                        Part.text(" Then: "),
                        Part.image(demo.demo().example("normal.png")),
                        Part.text(question))
                    .build());
    assertEquals(direct.tokenIds(), generation(response).tokenIds());
    Generation.Usage usage = generation(response).usage();
    assertEquals(direct.usage().promptTokens(), usage.promptTokens());
    assertEquals(direct.usage().imageTokens(), usage.imageTokens());
    assertTrue(direct.usage().cachedTokens() > 72, "the same prompt: " + direct.usage());
  }

  @Test
  void reasoningIsThinking() {
    ChatResponse response = chat().chat(demo.message("nodule.png", "Write a report. /think"));
    Generation direct = demo.direct("nodule.png", "Write a report. /think");
    assertTrue(direct.reasoning().length() > 10, direct.reasoning());
    assertEquals(direct.reasoning(), response.aiMessage().thinking());
    assertEquals(direct.text(), response.aiMessage().text());
  }

  @Test
  void placesAreInTheMetadata() {
    ChatResponse response = chat().chat(demo.message("nodule.png", "Where is the nodule?"));
    assertEquals(
        demo.direct("nodule.png", "Where is the nodule?").regions(),
        generation(response).regions());
    assertEquals(1, generation(response).regions().size());
  }

  @Test
  void lengthStopAndSeed() {
    ChatRequest.Builder request =
        ChatRequest.builder().messages(demo.message("nodule.png", "Write a report."));
    ChatResponse cut = chat().chat(request.maxOutputTokens(5).build());
    assertEquals(FinishReason.LENGTH, cut.finishReason());
    assertEquals(5, cut.tokenUsage().outputTokenCount());

    ChatResponse stopped =
        chat()
            .chat(
                ChatRequest.builder()
                    .messages(demo.message("nodule.png", "Write a report."))
                    .stopSequences(List.of("\nImpression"))
                    .build());
    assertEquals(REPORT.substring(0, REPORT.indexOf("\nImp")), stopped.aiMessage().text());
    assertEquals(FinishReason.STOP, stopped.finishReason());

    ChatResponse drawn =
        chat()
            .chat(
                ChatRequest.builder()
                    .messages(demo.message("nodule.png", "Write a report."))
                    .parameters(
                        VesaliusChatRequestParameters.builder().temperature(3.0).seed(11L).build())
                    .build());
    SamplingOptions sampling = SamplingOptions.greedy().withTemperature(3).withSeed(11);
    Generation direct =
        demo.model()
            .generate(demo.request("nodule.png", "Write a report.").sampling(sampling).build());
    assertEquals(direct.tokenIds(), generation(drawn).tokenIds());
  }

  @Test
  void aStreamIsTheSameAnswerFromOneThread() throws InterruptedException {
    RecordingHandler handler = new RecordingHandler();
    new VesaliusStreamingChatModel(demo.model())
        .chat(List.of(demo.message("nodule.png", "Write a report. /think")), handler);
    ChatResponse response = handler.await().response();
    Generation direct = demo.direct("nodule.png", "Write a report. /think");
    assertEquals(direct.tokenIds(), generation(response).tokenIds());
    assertEquals(direct.text(), joined(handler, "text "));
    assertEquals(direct.reasoning(), joined(handler, "thinking "));
    assertEquals(1, handler.threads.size());
    assertEquals("raw PromptReady", handler.calls().getFirst());
    assertEquals("complete", handler.calls().getLast());
  }

  private static String joined(RecordingHandler handler, String kind) {
    StringBuilder text = new StringBuilder();
    for (String call : handler.calls()) {
      if (call.startsWith(kind)) {
        text.append(call.substring(kind.length()));
      }
    }
    return text.toString();
  }

  @Test
  void aCancelledStreamFreesItsCache() throws InterruptedException {
    RecordingHandler handler =
        new RecordingHandler() {
          @Override
          void after(String call, @Nullable StreamingHandle handle) {
            if (handle != null) {
              handle.cancel();
              ended.countDown();
            }
          }
        };
    new VesaliusStreamingChatModel(demo.model())
        .chat(List.of(demo.message("nodule.png", "Write a report.")), handler);
    handler.await();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (demo.model().usedCachePages() > 0 && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    assertEquals(0, demo.model().usedCachePages());
    assertEquals(1, handler.calls().stream().filter(call -> call.startsWith("text ")).count());
    assertNull(handler.response);
    assertNull(handler.error);
  }

  @Test
  void whatIsWrongWithARequestIsAnInvalidRequest() {
    ImageContent damaged = ImageContent.from("YWJj", "image/png");
    InvalidRequestException picture =
        assertThrows(
            InvalidRequestException.class,
            () -> chat().chat(UserMessage.from(TextContent.from("What?"), damaged)));
    assertInstanceOf(ImageFormatException.class, picture.getCause());
    assertTrue(
        String.valueOf(picture.getMessage()).startsWith("messages[0].contents[1]"),
        picture.getMessage());

    ChatRequest tooLong =
        ChatRequest.builder()
            .messages(UserMessage.from("Hello!"))
            .maxOutputTokens(demo.model().contextTokens())
            .build();
    InvalidRequestException length =
        assertThrows(InvalidRequestException.class, () -> chat().chat(tooLong));
    assertInstanceOf(ContextOverflowException.class, length.getCause());
  }

  @Test
  void aClosedModelIsAnErrorThatRetryingDoesNotHelp() {
    VesaliusChatModel chat;
    try (DemoChat other = DemoChat.open()) {
      chat = new VesaliusChatModel(other.model());
      assertTrue(chat.chat("Hello!").startsWith("Hello."));
    }
    assertThrows(NonRetriableException.class, () -> chat.chat("Hello!"));
  }
}
