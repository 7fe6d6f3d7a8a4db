package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.Scheduling;

/** Each parameter arrives at Vesalius, or is refused by name. */
class RequestTranslationTest {
  private static final ToolSpecification DOSE =
      ToolSpecification.builder()
          .name("dose")
          .description("The dose of a drug")
          .parameters(
              JsonObjectSchema.builder()
                  .addStringProperty("drug", "its name")
                  .required("drug")
                  .build())
          .build();
  private static final ToolSpecification TODAY = ToolSpecification.builder().name("today").build();

  private static org.vesalius.runtime.ChatRequest translated(ChatRequestParameters parameters) {
    ChatRequest request =
        ChatRequest.builder().messages(UserMessage.from("Hello!")).parameters(parameters).build();
    return RequestTranslation.of(request, "model", new Cancellation());
  }

  private static String refused(
      Class<? extends RuntimeException> type, ChatRequestParameters parameters) {
    return String.valueOf(assertThrows(type, () -> translated(parameters)).getMessage());
  }

  @Test
  void nothingSaidIsVesaliusDefaults() {
    Cancellation cancellation = new Cancellation();
    ChatRequest request = ChatRequest.builder().messages(UserMessage.from("Hello!")).build();
    assertEquals(
        org.vesalius.runtime.ChatRequest.builder()
            .user("Hello!")
            .cancellation(cancellation)
            .build(),
        RequestTranslation.of(request, "model", cancellation));
  }

  @Test
  void whatLangChain4jHasWordsFor() {
    org.vesalius.runtime.ChatRequest request =
        translated(
            ChatRequestParameters.builder()
                .modelName("model")
                .temperature(0.7)
                .topP(0.9)
                .topK(40)
                .frequencyPenalty(0.25)
                .presencePenalty(-0.5)
                .maxOutputTokens(77)
                .stopSequences("END", "\n\n")
                .build());
    assertEquals(
        SamplingOptions.greedy()
            .withTemperature(0.7)
            .withTopP(0.9)
            .withTopK(40)
            .withFrequencyPenalty(0.25)
            .withPresencePenalty(-0.5),
        request.sampling());
    assertEquals(OptionalInt.of(77), request.maxTokens());
    assertEquals(List.of("END", "\n\n"), request.stopStrings());
  }

  @Test
  void whatItHasNoWordsFor() {
    ImageOptions images = ImageOptions.defaults().withMaxPixels(1_000_000);
    org.vesalius.runtime.ChatRequest request =
        translated(
            VesaliusChatRequestParameters.builder()
                .seed(7L)
                .minP(0.05)
                .repetitionPenalty(1.1)
                .logitBias(Map.of(3, -2.0))
                .logprobs(5)
                .reasoningTokens(0)
                .imageOptions(images)
                .templateVariables(Map.of("enable_thinking", false))
                .answerFormat(ResponseFormat.regex("yes|no"))
                .repetitionFuse(false)
                .speculativeTokens(4)
                .requestId("case 12")
                .priority(3)
                .timeLimit(Duration.ofSeconds(9))
                .temperature(0.5)
                .build());
    assertEquals(
        new SamplingOptions(0.5, 0, 1, 0.05, 1.1, 0, 0, Map.of(3, -2.0), OptionalLong.of(7)),
        request.sampling());
    assertEquals(5, request.logprobs());
    assertEquals(OptionalInt.of(0), request.reasoningTokens());
    assertSame(images, request.imageOptions());
    assertEquals(Map.of("enable_thinking", false), request.templateVariables());
    assertEquals(ResponseFormat.regex("yes|no"), request.responseFormat());
    assertEquals(false, request.repetitionFuse());
    assertEquals(4, request.speculativeTokens());
    assertEquals(
        new Scheduling(Optional.of("case 12"), 3, Optional.of(Duration.ofSeconds(9))),
        request.scheduling());
  }

  @Test
  void toolsInOpenAisForm() {
    org.vesalius.runtime.ChatRequest request =
        translated(ChatRequestParameters.builder().toolSpecifications(DOSE, TODAY).build());
    assertEquals(
        List.of(
            Map.of(
                "type",
                "function",
                "function",
                Map.of(
                    "name",
                    "dose",
                    "description",
                    "The dose of a drug",
                    "parameters",
                    Map.of(
                        "type",
                        "object",
                        "properties",
                        Map.of("drug", Map.of("type", "string", "description", "its name")),
                        "required",
                        List.of("drug")))),
            Map.of(
                "type",
                "function",
                "function",
                Map.of(
                    "name",
                    "today",
                    "parameters",
                    Map.of("type", "object", "properties", Map.of())))),
        request.tools());
    assertEquals(org.vesalius.runtime.ToolChoice.auto(), request.toolChoice());
  }

  @Test
  void strictToolsAreClosed() {
    ToolSpecification strict = DOSE.toBuilder().strict(true).build();
    Map<?, ?> function =
        assertInstanceOf(
            Map.class,
            translated(ChatRequestParameters.builder().toolSpecifications(strict).build())
                .tools()
                .getFirst()
                .get("function"));
    assertEquals(true, function.get("strict"));
    Map<?, ?> parameters = assertInstanceOf(Map.class, function.get("parameters"));
    assertEquals(false, parameters.get("additionalProperties"));
  }

  @Test
  void toolChoices() {
    var tools = VesaliusChatRequestParameters.builder().toolSpecifications(DOSE, TODAY);
    assertEquals(
        org.vesalius.runtime.ToolChoice.auto(),
        translated(tools.toolChoice(ToolChoice.AUTO).build()).toolChoice());
    assertEquals(
        org.vesalius.runtime.ToolChoice.none(),
        translated(tools.toolChoice(ToolChoice.NONE).build()).toolChoice());
    assertEquals(
        org.vesalius.runtime.ToolChoice.required(),
        translated(tools.toolChoice(ToolChoice.REQUIRED).build()).toolChoice());
    assertEquals(
        org.vesalius.runtime.ToolChoice.named("today"),
        translated(tools.requiredTool("today").build()).toolChoice());
    assertEquals(
        "required tool: \"today\" is required, and the tool choice is NONE",
        refused(InvalidRequestException.class, tools.toolChoice(ToolChoice.NONE).build()));
    assertEquals(
        "required tool: expected one of [dose, today], found \"tomorrow\"",
        refused(
            InvalidRequestException.class,
            tools.toolChoice(ToolChoice.REQUIRED).requiredTool("tomorrow").build()));
    assertEquals(
        "tool choice: a call is required, and no tool is given",
        refused(
            InvalidRequestException.class,
            ChatRequestParameters.builder().toolChoice(ToolChoice.REQUIRED).build()));
  }

  @Test
  void responseFormats() {
    assertEquals(
        ResponseFormat.text(),
        translated(
                ChatRequestParameters.builder()
                    .responseFormat(dev.langchain4j.model.chat.request.ResponseFormat.TEXT)
                    .build())
            .responseFormat());
    assertEquals(
        ResponseFormat.jsonObject(),
        translated(
                ChatRequestParameters.builder()
                    .responseFormat(dev.langchain4j.model.chat.request.ResponseFormat.JSON)
                    .build())
            .responseFormat());
    JsonSchema schema =
        JsonSchema.builder()
            .name("Answer")
            .rootElement(JsonObjectSchema.builder().addBooleanProperty("nodule").build())
            .build();
    assertEquals(
        ResponseFormat.jsonSchema(
            Map.of(
                "type",
                "object",
                "properties",
                Map.of("nodule", Map.of("type", "boolean")),
                "additionalProperties",
                false)),
        translated(ChatRequestParameters.builder().responseFormat(schema).build())
            .responseFormat());
    assertEquals(
        "answer format: the response format asks for JSON already; leave one of them out",
        refused(
            InvalidRequestException.class,
            VesaliusChatRequestParameters.builder()
                .responseFormat(schema)
                .answerFormat(ResponseFormat.regex("yes|no"))
                .build()));
  }

  @Test
  void anotherModelIsNotFound() {
    assertEquals(
        "model name: expected \"model\" or none, found \"gpt\"; this adapter has one model",
        refused(
            ModelNotFoundException.class,
            ChatRequestParameters.builder().modelName("gpt").build()));
  }

  @Test
  void valuesOutOfRangeAreNamed() {
    assertEquals(
        "top_p: expected above 0 and at most 1, found 1.5",
        refused(IllegalArgumentException.class, ChatRequestParameters.builder().topP(1.5).build()));
    assertEquals(
        "max_tokens: expected at least 1, found 0",
        refused(
            IllegalArgumentException.class,
            ChatRequestParameters.builder().maxOutputTokens(0).build()));
  }

  /** Of another provider. */
  private static final class Foreign extends DefaultChatRequestParameters {
    Foreign() {
      super(DefaultChatRequestParameters.builder());
    }
  }

  @Test
  void parametersOfAnotherProviderAreRefused() {
    String message = refused(UnsupportedFeatureException.class, new Foreign());
    assertTrue(
        message.contains(Foreign.class.getName()) && message.contains("would be ignored"), message);
    VesaliusChatRequestParameters ours = VesaliusChatRequestParameters.builder().build();
    assertThrows(UnsupportedFeatureException.class, () -> ours.overrideWith(new Foreign()));
    assertThrows(UnsupportedFeatureException.class, () -> ours.defaultedBy(new Foreign()));
  }

  @Test
  void parametersAreMergedWhicheverKindIsTheDefault() {
    ChatRequestParameters plain =
        ChatRequestParameters.builder().temperature(0.1).maxOutputTokens(5).build();
    VesaliusChatRequestParameters ours =
        VesaliusChatRequestParameters.builder().seed(1L).priority(2).temperature(0.9).build();
    VesaliusChatRequestParameters more =
        VesaliusChatRequestParameters.builder().seed(3L).minP(0.2).build();
    VesaliusChatRequestParameters expected =
        VesaliusChatRequestParameters.builder()
            .seed(1L)
            .priority(2)
            .temperature(0.9)
            .maxOutputTokens(5)
            .build();
    assertEquals(expected, plain.overrideWith(ours));
    assertEquals(expected, ours.defaultedBy(plain));
    assertEquals(expected.hashCode(), ours.defaultedBy(plain).hashCode());
    assertEquals(
        VesaliusChatRequestParameters.builder()
            .seed(3L)
            .minP(0.2)
            .priority(2)
            .temperature(0.9)
            .build(),
        ours.overrideWith(more));
    assertEquals(
        VesaliusChatRequestParameters.builder()
            .seed(1L)
            .priority(2)
            .temperature(0.1)
            .maxOutputTokens(5)
            .build(),
        ours.overrideWith(plain));
  }

  @Test
  void theCancellationIsHandedOn() {
    Cancellation cancellation = new Cancellation();
    ChatRequest request = ChatRequest.builder().messages(UserMessage.from("Hello!")).build();
    org.vesalius.runtime.ChatRequest translated =
        RequestTranslation.of(request, "model", cancellation);
    assertSame(cancellation, translated.cancellation());
    assertArrayEquals(
        new Object[] {"user"}, translated.messages().stream().map(m -> m.role()).toArray());
  }
}
