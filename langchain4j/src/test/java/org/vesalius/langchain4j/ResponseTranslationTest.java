package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.langchain4j.ScriptedModel.call;
import static org.vesalius.langchain4j.ScriptedModel.ended;
import static org.vesalius.langchain4j.ScriptedModel.generation;
import static org.vesalius.langchain4j.ScriptedModel.malformed;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;

/** Answers as responses. */
class ResponseTranslationTest {

  private static ChatResponse translated(Generation generation) {
    return ResponseTranslation.of(generation, new ToolRequests(), "model", null);
  }

  @Test
  void textReasoningAndMetadata() {
    Generation generation = generation("No nodule.", "I look.", List.of(), FinishReason.STOP);
    ChatResponse response =
        ResponseTranslation.of(generation, new ToolRequests(), "model", "case 12");
    assertEquals("No nodule.", response.aiMessage().text());
    assertEquals("I look.", response.aiMessage().thinking());
    assertEquals("model", response.modelName());
    assertEquals("case 12", response.id());
    assertEquals(new TokenUsage(10, 3), response.tokenUsage());
    assertEquals(dev.langchain4j.model.output.FinishReason.STOP, response.finishReason());
    VesaliusChatResponseMetadata metadata =
        assertInstanceOf(VesaliusChatResponseMetadata.class, response.metadata());
    assertSame(generation, metadata.generation());
    assertEquals(metadata, metadata.toBuilder().build());
    assertNotEquals(metadata, metadata.toBuilder().id("case 13").build());
  }

  @Test
  void anAnswerOfNothingIsAnEmptyText() {
    ChatResponse response = translated(ended("", FinishReason.STOP));
    assertEquals("", response.aiMessage().text());
    assertNull(response.aiMessage().thinking());
    assertTrue(response.aiMessage().toolExecutionRequests().isEmpty());
  }

  @Test
  void finishReasons() {
    assertEquals(
        dev.langchain4j.model.output.FinishReason.LENGTH,
        translated(ended("No", FinishReason.LENGTH)).finishReason());
    assertEquals(
        dev.langchain4j.model.output.FinishReason.OTHER,
        translated(ended("no no no", FinishReason.REPETITION)).finishReason());
  }

  @Test
  void aPartOfAnAnswerDoesNotPassForTheWhole() {
    assertEquals(
        "the time limit was over after 3 tokens of the answer",
        assertThrows(TimeoutException.class, () -> translated(ended("No", FinishReason.DEADLINE)))
            .getMessage());
    assertEquals(
        "the request was cancelled after 3 tokens of the answer",
        assertThrows(
                NonRetriableException.class, () -> translated(ended("No", FinishReason.CANCELLED)))
            .getMessage());
  }

  @Test
  void toolCallsHaveIdsAndArguments() {
    ChatResponse response =
        translated(
            generation(
                "",
                "",
                List.of(
                    call("given", "dose", Map.of("drug", "apixaban")),
                    call(null, "today", Map.of()),
                    call(null, "today", Map.of())),
                FinishReason.STOP));
    assertNull(response.aiMessage().text());
    assertEquals(dev.langchain4j.model.output.FinishReason.TOOL_EXECUTION, response.finishReason());
    List<ToolExecutionRequest> requests = response.aiMessage().toolExecutionRequests();
    assertEquals(
        ToolExecutionRequest.builder()
            .id("given")
            .name("dose")
            .arguments("{\"drug\":\"apixaban\"}")
            .build(),
        requests.getFirst());
    assertEquals("{}", requests.get(1).arguments());
    assertTrue(requests.get(1).id().matches("[0-9A-Za-z]{9}"), requests.get(1).id());
    assertNotEquals(requests.get(1).id(), requests.get(2).id());
  }

  @Test
  void aMalformedCallStaysInTheTextAndInTheMetadata() {
    String raw = "<tool_call>{\"name\": </tool_call>";
    Generation both =
        generation(
            "I look it up." + raw,
            "",
            List.of(malformed(raw), call("c", "today", Map.of())),
            FinishReason.STOP);
    ChatResponse response = translated(both);
    assertEquals("I look it up." + raw, response.aiMessage().text());
    assertEquals(
        List.of("today"),
        response.aiMessage().toolExecutionRequests().stream()
            .map(ToolExecutionRequest::name)
            .toList());
    VesaliusChatResponseMetadata metadata =
        assertInstanceOf(VesaliusChatResponseMetadata.class, response.metadata());
    assertTrue(metadata.generation().toolCalls().getFirst().isMalformed());

    ChatResponse alone =
        translated(generation(raw, "", List.of(malformed(raw)), FinishReason.STOP));
    assertEquals(raw, alone.aiMessage().text());
    assertEquals(dev.langchain4j.model.output.FinishReason.STOP, alone.finishReason());
  }

  @Test
  void anAnswerThatWasCutWhileACallWasWrittenIsCutStill() {
    assertEquals(
        dev.langchain4j.model.output.FinishReason.LENGTH,
        translated(generation("", "", List.of(call("c", "today", Map.of())), FinishReason.LENGTH))
            .finishReason());
  }
}
