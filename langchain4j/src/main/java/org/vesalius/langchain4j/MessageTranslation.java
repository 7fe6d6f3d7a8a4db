package org.vesalius.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatMessage.Content.Parts;
import org.vesalius.runtime.ChatMessage.Content.Plain;
import org.vesalius.runtime.Part;

/**
 * LangChain4j's messages as Vesalius', in OpenAI's form where a chat template reads more than text:
 * {@code tool_calls} with parsed arguments, {@code tool_call_id}, {@code reasoning_content}.
 */
final class MessageTranslation {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private MessageTranslation() {}

  /**
   * All messages, in order.
   *
   * @throws UnsupportedFeatureException naming what Vesalius does not read
   * @throws InvalidRequestException if a picture or the arguments of a tool call are damaged
   */
  static List<org.vesalius.runtime.ChatMessage> of(List<ChatMessage> messages) {
    List<org.vesalius.runtime.ChatMessage> translated = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      translated.add(of(messages.get(i), "messages[" + i + "]"));
    }
    return translated;
  }

  private static org.vesalius.runtime.ChatMessage of(ChatMessage message, String where) {
    return switch (message) {
      case SystemMessage system -> org.vesalius.runtime.ChatMessage.system(system.text());
      case UserMessage user ->
          new org.vesalius.runtime.ChatMessage(
              "user",
              content(user.contents(), where),
              user.name() == null ? Map.of() : Map.of("name", user.name()));
      case AiMessage assistant -> assistant(assistant, where);
      case ToolExecutionResultMessage result -> toolResult(result, where);
      default ->
          throw new UnsupportedFeatureException(
              where
                  + ": expected a system, user, AI or tool message, found "
                  + message.getClass().getName());
    };
  }

  private static org.vesalius.runtime.ChatMessage.Content content(
      List<Content> contents, String where) {
    if (contents.size() == 1 && contents.getFirst() instanceof TextContent text) {
      return new Plain(text.text());
    }
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < contents.size(); i++) {
      parts.add(part(contents.get(i), where + ".contents[" + i + "]"));
    }
    return new Parts(parts);
  }

  private static Part part(Content content, String where) {
    return switch (content) {
      case TextContent text -> Part.text(text.text());
      case ImageContent image -> Pictures.of(image, where);
      default ->
          throw new UnsupportedFeatureException(
              where
                  + ": expected text or an image, found "
                  + content.type().name().toLowerCase(Locale.ROOT)
                  + ", which Vesalius does not read");
    };
  }

  private static org.vesalius.runtime.ChatMessage assistant(AiMessage message, String where) {
    if (!message.images().isEmpty()) {
      throw new UnsupportedFeatureException(
          where + ": images in an AI message are not read; put them into a user message");
    }
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    if (message.thinking() != null) {
      fields.put("reasoning_content", message.thinking());
    }
    if (message.hasToolExecutionRequests()) {
      List<Map<String, Object>> calls = new ArrayList<>();
      for (ToolExecutionRequest request : message.toolExecutionRequests()) {
        String place = where + ".toolExecutionRequests[" + calls.size() + "]";
        calls.add(toolCall(request, place));
      }
      fields.put("tool_calls", calls);
    }
    String text = message.text() == null ? "" : message.text();
    return new org.vesalius.runtime.ChatMessage("assistant", new Plain(text), fields);
  }

  private static Map<String, Object> toolCall(ToolExecutionRequest request, String where) {
    Map<String, Object> call = new LinkedHashMap<>();
    if (request.id() != null) {
      call.put("id", request.id());
    }
    call.put("type", "function");
    call.put("function", Map.of("name", request.name(), "arguments", arguments(request, where)));
    return call;
  }

  private static Map<String, @Nullable Object> arguments(
      ToolExecutionRequest request, String where) {
    String text = request.arguments();
    if (text == null || text.isBlank()) {
      return Map.of();
    }
    Map<String, @Nullable Object> arguments;
    try {
      arguments = JSON.readValue(text, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new InvalidRequestException(
          where + ".arguments: expected an object in JSON: " + e.getOriginalMessage(), e);
    }
    if (arguments == null) {
      throw new InvalidRequestException(where + ".arguments: expected an object, found null");
    }
    return arguments;
  }

  private static org.vesalius.runtime.ChatMessage toolResult(
      ToolExecutionResultMessage result, String where) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (result.id() != null) {
      fields.put("tool_call_id", result.id());
    }
    if (result.toolName() != null) {
      fields.put("name", result.toolName());
    }
    return new org.vesalius.runtime.ChatMessage("tool", content(result.contents(), where), fields);
  }
}
