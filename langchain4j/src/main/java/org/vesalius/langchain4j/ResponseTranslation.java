package org.vesalius.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.Generation;

/**
 * Vesalius' answers as LangChain4j's responses. A tool call that is malformed is no request: its
 * text stays in the message as the model wrote it, and the metadata tell what is wrong.
 */
final class ResponseTranslation {

  private ResponseTranslation() {}

  /**
   * A response.
   *
   * @param requestId the name that the request was given, or null
   * @throws TimeoutException if the time was over: a part of an answer must not pass for the whole
   */
  static ChatResponse of(
      Generation generation, ToolRequests calls, String modelName, @Nullable String requestId) {
    List<ToolExecutionRequest> requests = calls.of(generation.toolCalls());
    AiMessage.Builder message = AiMessage.builder().toolExecutionRequests(requests);
    if (!generation.text().isEmpty() || requests.isEmpty()) {
      message.text(generation.text());
    }
    if (!generation.reasoning().isEmpty()) {
      message.thinking(generation.reasoning());
    }
    Generation.Usage usage = generation.usage();
    return ChatResponse.builder()
        .aiMessage(message.build())
        .metadata(
            VesaliusChatResponseMetadata.builder(generation)
                .id(requestId)
                .modelName(modelName)
                .tokenUsage(new TokenUsage(usage.promptTokens(), usage.completionTokens()))
                .finishReason(finishReason(generation, !requests.isEmpty()))
                .build())
        .build();
  }

  private static FinishReason finishReason(Generation generation, boolean calls) {
    return switch (generation.finishReason()) {
      case STOP -> calls ? FinishReason.TOOL_EXECUTION : FinishReason.STOP;
      case LENGTH -> FinishReason.LENGTH;
      case REPETITION -> FinishReason.OTHER;
      case DEADLINE ->
          throw new TimeoutException(
              "the time limit was over after "
                  + generation.usage().completionTokens()
                  + " tokens of the answer");
      case CANCELLED ->
          throw new NonRetriableException(
              "the request was cancelled after "
                  + generation.usage().completionTokens()
                  + " tokens of the answer");
    };
  }
}
