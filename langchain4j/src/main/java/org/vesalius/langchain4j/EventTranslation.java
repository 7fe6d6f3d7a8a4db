package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.RawStreamingEvent;
import java.util.Optional;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.answer.ToolCall;

/**
 * The events of one answer as LangChain4j's. What it has no event for, progress and malformed tool
 * calls, goes on raw; tool calls come whole, so that there are no partial ones.
 */
final class EventTranslation {
  private final ToolRequests calls;

  EventTranslation(ToolRequests calls) {
    this.calls = calls;
  }

  /** The event, or empty where others tell the same. */
  Optional<ChatModelStreamingEvent> of(GenerationEvent event) {
    return switch (event) {
      case GenerationEvent.AnswerText(String text) ->
          text.isEmpty() ? Optional.empty() : Optional.of(new PartialResponse(text));
      case GenerationEvent.ReasoningText(String text) ->
          text.isEmpty() ? Optional.empty() : Optional.of(new PartialThinking(text));
      case GenerationEvent.ToolCalled(ToolCall call) when !call.isMalformed() ->
          Optional.of(new CompleteToolCall(calls.size(), calls.add(call)));
      case GenerationEvent.ToolCalled _,
          GenerationEvent.PromptReady _,
          GenerationEvent.VisionProgress _,
          GenerationEvent.PrefillProgress _ ->
          Optional.of(RawStreamingEvent.of(event));
      case GenerationEvent.Token _, GenerationEvent.Finished _ -> Optional.empty();
    };
  }
}
