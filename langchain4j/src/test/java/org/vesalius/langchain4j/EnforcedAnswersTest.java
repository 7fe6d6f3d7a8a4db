package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.UserMessage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What a caller asks for by type is what comes, whatever the model would like to say: the demo
 * model has never seen a tool, an enumeration or a list of its own accord.
 */
class EnforcedAnswersTest {
  private static final List<String> SIDES = List.of("left", "right", "both");

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

  enum Urgency {
    ROUTINE,
    URGENT
  }

  /** LangChain4j takes a property as one that may be left out, unless told otherwise. */
  record Finding(
      @JsonProperty(required = true) String name,
      @JsonProperty(required = true) Urgency urgency,
      int certainty) {}

  record Structured(
      @JsonProperty(required = true) List<Finding> findings,
      @JsonProperty(required = true) Urgency overall,
      double score) {}

  interface Typed {
    Urgency urgency(@UserMessage ImageContent picture, @UserMessage String question);

    List<String> names(@UserMessage ImageContent picture, @UserMessage String question);

    Structured structured(@UserMessage ImageContent picture, @UserMessage String question);
  }

  private static ToolSpecification tool(String name) {
    return ToolSpecification.builder()
        .name(name)
        .description("Earlier pictures of a side")
        .parameters(
            JsonObjectSchema.builder()
                .addEnumProperty("side", SIDES)
                .addIntegerProperty("year")
                .required("side", "year")
                .build())
        .build();
  }

  private static AiMessage answer(VesaliusChatRequestParameters.Builder parameters) {
    return new VesaliusChatModel(demo.model())
        .chat(
            ChatRequest.builder()
                .messages(demo.message("nodule.png", "Is there a nodule?"))
                .parameters(parameters.build())
                .build())
        .aiMessage();
  }

  /** Without reasoning, which may come before a call and which the toy model does not end. */
  private static VesaliusChatRequestParameters.Builder withTools(ToolChoice choice) {
    VesaliusChatRequestParameters.Builder parameters = VesaliusChatRequestParameters.builder();
    parameters
        .reasoningTokens(0)
        .toolSpecifications(tool("earlier"), tool("later"))
        .toolChoice(choice);
    return parameters;
  }

  private static void checkArguments(ToolExecutionRequest call) throws JsonProcessingException {
    JsonNode arguments = new ObjectMapper().readTree(call.arguments());
    assertEquals(2, arguments.size(), call::toString);
    assertTrue(SIDES.contains(arguments.path("side").asText()), call::toString);
    assertTrue(arguments.path("year").isIntegralNumber(), call::toString);
  }

  @Test
  void aRequiredCallComesAndItsArgumentsParse() throws JsonProcessingException {
    AiMessage message = answer(withTools(ToolChoice.REQUIRED));
    assertFalse(message.toolExecutionRequests().isEmpty(), message::toString);
    for (ToolExecutionRequest call : message.toolExecutionRequests()) {
      assertTrue(List.of("earlier", "later").contains(call.name()), call::toString);
      checkArguments(call);
    }
  }

  @Test
  void aNamedToolIsTheOneThatIsCalled() throws JsonProcessingException {
    VesaliusChatRequestParameters.Builder parameters = withTools(ToolChoice.REQUIRED);
    parameters.requiredTool("later");
    AiMessage message = answer(parameters);
    assertFalse(message.toolExecutionRequests().isEmpty(), message::toString);
    for (ToolExecutionRequest call : message.toolExecutionRequests()) {
      assertEquals("later", call.name());
      checkArguments(call);
    }
  }

  @Test
  void noneIsNoCall() {
    AiMessage message = answer(withTools(ToolChoice.NONE));
    assertFalse(message.hasToolExecutionRequests(), message::toString);
    assertFalse(message.text().isBlank());
  }

  @Test
  void enumerationsAndListsAreWhatTheirTypesSay() {
    Typed typed = AiServices.create(Typed.class, new VesaliusChatModel(demo.model()));
    ImageContent picture = demo.picture("several.png");
    assertNotNull(typed.urgency(picture, "Is this urgent?"));
    List<String> names = typed.names(picture, "List the findings as JSON.");
    names.forEach(name -> assertInstanceOf(String.class, name));
    Structured structured = typed.structured(picture, "List the findings as JSON.");
    assertNotNull(structured.overall());
    for (Finding finding : structured.findings()) {
      assertNotNull(finding.name());
      assertNotNull(finding.urgency());
    }
  }

  @Test
  void aTimeLimitEndsARequest() {
    VesaliusChatRequestParameters.Builder parameters = VesaliusChatRequestParameters.builder();
    parameters.timeLimit(Duration.ofNanos(1));
    TimeoutException e = assertThrows(TimeoutException.class, () -> answer(parameters));
    assertTrue(String.valueOf(e.getMessage()).contains("time"), e::toString);
    assertEquals(0, demo.model().requests());
  }
}
