package org.vesalius.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.vesalius.langchain4j.VesaliusChatRequestParameters.Own;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.ToolChoice;

/** LangChain4j's requests as Vesalius'. Nothing that is asked gets lost: it is done or refused. */
final class RequestTranslation {

  private RequestTranslation() {}

  /**
   * Translates a request; reads the files that its pictures are in.
   *
   * @param modelName the name that the model answers to
   * @param cancellation ends the request
   */
  static org.vesalius.runtime.ChatRequest of(
      ChatRequest request, String modelName, Cancellation cancellation) {
    VesaliusChatRequestParameters parameters =
        VesaliusChatRequestParameters.of(request.parameters());
    Own own = parameters.own();
    requireName(parameters.modelName(), modelName);
    org.vesalius.runtime.ChatRequest.Builder builder =
        org.vesalius.runtime.ChatRequest.builder()
            .messages(MessageTranslation.of(request.messages()))
            .tools(parameters.toolSpecifications().stream().map(RequestTranslation::tool).toList())
            .toolChoice(toolChoice(parameters))
            .responseFormat(responseFormat(parameters))
            .sampling(sampling(parameters))
            .scheduling(scheduling(own))
            .cancellation(cancellation);
    parameters.stopSequences().forEach(builder::stop);
    if (parameters.maxOutputTokens() != null) {
      builder.maxTokens(parameters.maxOutputTokens());
    }
    if (own.logprobs() != null) {
      builder.logprobs(own.logprobs());
    }
    if (own.reasoningTokens() != null) {
      builder.reasoningTokens(own.reasoningTokens());
    }
    if (own.imageOptions() != null) {
      builder.imageOptions(own.imageOptions());
    }
    if (own.templateVariables() != null) {
      builder.templateVariables(own.templateVariables());
    }
    if (own.repetitionFuse() != null) {
      builder.repetitionFuse(own.repetitionFuse());
    }
    if (own.speculativeTokens() != null) {
      builder.speculativeTokens(own.speculativeTokens());
    }
    return builder.build();
  }

  private static void requireName(@Nullable String wanted, String modelName) {
    if (wanted != null && !wanted.equals(modelName)) {
      throw new ModelNotFoundException(
          "model name: expected \""
              + modelName
              + "\" or none, found \""
              + wanted
              + "\"; this adapter has one model");
    }
  }

  private static Map<String, Object> tool(ToolSpecification specification) {
    boolean strict = Boolean.TRUE.equals(specification.strict());
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", specification.name());
    if (specification.description() != null) {
      function.put("description", specification.description());
    }
    function.put(
        "parameters",
        specification.parameters() == null
            ? Map.of("type", "object", "properties", Map.of())
            : SchemaTranslation.of(specification.parameters(), strict));
    if (specification.strict() != null) {
      function.put("strict", strict);
    }
    Map<String, Object> tool = new LinkedHashMap<>();
    tool.put("type", "function");
    tool.put("function", function);
    return tool;
  }

  private static ToolChoice toolChoice(VesaliusChatRequestParameters parameters) {
    List<String> names =
        parameters.toolSpecifications().stream().map(ToolSpecification::name).toList();
    dev.langchain4j.model.chat.request.ToolChoice choice = parameters.toolChoice();
    String named = parameters.own().requiredTool();
    if (named != null) {
      if (choice != null && choice != dev.langchain4j.model.chat.request.ToolChoice.REQUIRED) {
        throw new InvalidRequestException(
            "required tool: \"" + named + "\" is required, and the tool choice is " + choice);
      }
      if (!names.contains(named)) {
        throw new InvalidRequestException(
            "required tool: expected one of " + names + ", found \"" + named + "\"");
      }
      return ToolChoice.named(named);
    }
    return switch (choice) {
      case null -> ToolChoice.auto();
      case AUTO -> ToolChoice.auto();
      case NONE -> ToolChoice.none();
      case REQUIRED -> {
        if (names.isEmpty()) {
          throw new InvalidRequestException(
              "tool choice: a call is required, and no tool is given");
        }
        yield ToolChoice.required();
      }
    };
  }

  private static ResponseFormat responseFormat(VesaliusChatRequestParameters parameters) {
    dev.langchain4j.model.chat.request.ResponseFormat format = parameters.responseFormat();
    boolean json = format != null && format.type() == ResponseFormatType.JSON;
    ResponseFormat other = parameters.own().answerFormat();
    if (other != null && json) {
      throw new InvalidRequestException(
          "answer format: the response format asks for JSON already; leave one of them out");
    }
    if (other != null) {
      return other;
    }
    if (!json) {
      return ResponseFormat.text();
    }
    return format.jsonSchema() == null
        ? ResponseFormat.jsonObject()
        : ResponseFormat.jsonSchema(SchemaTranslation.of(format.jsonSchema().rootElement(), true));
  }

  private static SamplingOptions sampling(VesaliusChatRequestParameters parameters) {
    Own own = parameters.own();
    SamplingOptions greedy = SamplingOptions.greedy();
    return new SamplingOptions(
        or(parameters.temperature(), greedy.temperature()),
        or(parameters.topK(), greedy.topK()),
        or(parameters.topP(), greedy.topP()),
        or(own.minP(), greedy.minP()),
        or(own.repetitionPenalty(), greedy.repetitionPenalty()),
        or(parameters.presencePenalty(), greedy.presencePenalty()),
        or(parameters.frequencyPenalty(), greedy.frequencyPenalty()),
        or(own.logitBias(), greedy.logitBias()),
        own.seed() == null ? OptionalLong.empty() : OptionalLong.of(own.seed()));
  }

  private static <T> T or(@Nullable T said, T otherwise) {
    return said == null ? otherwise : said;
  }

  private static Scheduling scheduling(Own own) {
    Scheduling scheduling = Scheduling.defaults();
    if (own.requestId() != null) {
      scheduling = scheduling.withRequestId(own.requestId());
    }
    if (own.priority() != null) {
      scheduling = scheduling.withPriority(own.priority());
    }
    if (own.timeLimit() != null) {
      scheduling = scheduling.withTimeLimit(own.timeLimit());
    }
    return scheduling;
  }
}
