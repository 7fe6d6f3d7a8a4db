package org.vesalius.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A conversation to be continued, and how. Immutable.
 *
 * @param messages the conversation so far
 * @param tools tool definitions in OpenAI's form, as parsed JSON; usually empty
 * @param toolChoice whether the model may, must or must not call a tool
 * @param templateVariables what the chat template may read besides, such as {@code enable_thinking}
 * @param maxTokens how many tokens the answer may have; empty for what the context leaves, at most
 *     {@link #DEFAULT_MAX_TOKENS}
 * @param stopStrings texts that end the answer; they are not part of it
 * @param responseFormat what the answer has to look like
 * @param reasoningTokens how many tokens of reasoning the model may write before it has to answer,
 *     0 for none; empty for as many as it likes
 * @param logprobs for how many of the likeliest tokens log-probabilities are given at each step, 0
 *     to 100
 * @param imageOptions how pictures are prepared, where it differs from the model's own files
 * @param sampling how tokens are chosen
 * @param repetitionFuse whether an answer ends that only repeats itself, see {@link
 *     FinishReason#REPETITION}
 * @param speculativeTokens how many tokens are guessed ahead from what was written before and
 *     checked in the same step (prompt lookup, Saxena 2023): changes the speed, never the answer; 0
 *     for none, at most {@link #MAX_SPECULATIVE_TOKENS}
 * @param scheduling its name, its priority and its time
 * @param cancellation ends the request from another thread
 */
public record ChatRequest(
    List<ChatMessage> messages,
    List<Map<String, Object>> tools,
    ToolChoice toolChoice,
    Map<String, ? extends @Nullable Object> templateVariables,
    OptionalInt maxTokens,
    List<String> stopStrings,
    ResponseFormat responseFormat,
    OptionalInt reasoningTokens,
    int logprobs,
    ImageOptions imageOptions,
    SamplingOptions sampling,
    boolean repetitionFuse,
    int speculativeTokens,
    Scheduling scheduling,
    Cancellation cancellation) {

  /** How long an answer gets when the request does not say. */
  public static final int DEFAULT_MAX_TOKENS = 1024;

  /** How many tokens may be guessed ahead at most. */
  public static final int MAX_SPECULATIVE_TOKENS = 16;

  private static final int MAX_LOGPROBS = 100;

  /** Copies the lists and checks the ranges. */
  public ChatRequest {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    stopStrings = List.copyOf(stopStrings);
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("messages: expected at least one, found none");
    }
    if (maxTokens.isPresent() && maxTokens.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "max_tokens: expected at least 1, found " + maxTokens.getAsInt());
    }
    if (logprobs < 0 || logprobs > MAX_LOGPROBS) {
      throw new IllegalArgumentException(
          "logprobs: expected 0 to " + MAX_LOGPROBS + ", found " + logprobs);
    }
    if (reasoningTokens.isPresent() && reasoningTokens.getAsInt() < 0) {
      throw new IllegalArgumentException(
          "reasoning tokens: expected at least 0, found " + reasoningTokens.getAsInt());
    }
    if (speculativeTokens < 0 || speculativeTokens > MAX_SPECULATIVE_TOKENS) {
      throw new IllegalArgumentException(
          "speculative tokens: expected 0 to "
              + MAX_SPECULATIVE_TOKENS
              + ", found "
              + speculativeTokens);
    }
    if (stopStrings.contains("")) {
      throw new IllegalArgumentException("stop: expected texts that are not empty, found \"\"");
    }
  }

  /** A request with the defaults, to be refined. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the parts of a request. */
  public static final class Builder {
    private final List<ChatMessage> messages = new ArrayList<>();
    private final List<String> stopStrings = new ArrayList<>();
    private List<Map<String, Object>> tools = List.of();
    private ToolChoice toolChoice = ToolChoice.auto();
    private ResponseFormat responseFormat = ResponseFormat.text();
    private OptionalInt reasoningTokens = OptionalInt.empty();
    private boolean repetitionFuse = true;
    private int speculativeTokens;
    private Scheduling scheduling = Scheduling.defaults();
    private Map<String, ? extends @Nullable Object> templateVariables = Map.of();
    private OptionalInt maxTokens = OptionalInt.empty();
    private int logprobs;
    private ImageOptions imageOptions = ImageOptions.defaults();
    private SamplingOptions sampling = SamplingOptions.greedy();
    private Cancellation cancellation = new Cancellation();

    private Builder() {}

    /** Adds a message. */
    public Builder message(ChatMessage message) {
      messages.add(message);
      return this;
    }

    /** Adds messages. */
    public Builder messages(List<ChatMessage> more) {
      messages.addAll(more);
      return this;
    }

    /** Adds a system message. */
    public Builder system(String text) {
      return message(ChatMessage.system(text));
    }

    /** Adds a user message. */
    public Builder user(Part... parts) {
      return message(ChatMessage.user(parts));
    }

    /** Adds a user message. */
    public Builder user(String text) {
      return message(ChatMessage.user(text));
    }

    /** Sets the tools. */
    public Builder tools(List<Map<String, Object>> definitions) {
      tools = definitions;
      return this;
    }

    /** Sets whether the model may, must or must not call a tool. */
    public Builder toolChoice(ToolChoice choice) {
      toolChoice = choice;
      return this;
    }

    /** Sets what the answer has to look like. */
    public Builder responseFormat(ResponseFormat format) {
      responseFormat = format;
      return this;
    }

    /** Limits the reasoning; 0 for none. */
    public Builder reasoningTokens(int tokens) {
      reasoningTokens = OptionalInt.of(tokens);
      return this;
    }

    /** Sets whether an answer ends that only repeats itself; it does unless it is told not to. */
    public Builder repetitionFuse(boolean on) {
      repetitionFuse = on;
      return this;
    }

    /** Sets how many tokens are guessed ahead. */
    public Builder speculativeTokens(int tokens) {
      speculativeTokens = tokens;
      return this;
    }

    /** Sets name, priority and time. */
    public Builder scheduling(Scheduling options) {
      scheduling = options;
      return this;
    }

    /** Sets variables for the chat template. */
    public Builder templateVariables(Map<String, ? extends @Nullable Object> variables) {
      templateVariables = variables;
      return this;
    }

    /** Limits the answer. */
    public Builder maxTokens(int tokens) {
      maxTokens = OptionalInt.of(tokens);
      return this;
    }

    /** Adds a text that ends the answer. */
    public Builder stop(String text) {
      stopStrings.add(text);
      return this;
    }

    /** Asks for log-probabilities of the {@code n} likeliest tokens at each step. */
    public Builder logprobs(int n) {
      logprobs = n;
      return this;
    }

    /** Sets how pictures are prepared. */
    public Builder imageOptions(ImageOptions options) {
      imageOptions = options;
      return this;
    }

    /** Sets how tokens are chosen. */
    public Builder sampling(SamplingOptions options) {
      sampling = options;
      return this;
    }

    /** Sets what may end the request. */
    public Builder cancellation(Cancellation by) {
      cancellation = by;
      return this;
    }

    /**
     * The request.
     *
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public ChatRequest build() {
      return new ChatRequest(
          messages,
          tools,
          toolChoice,
          templateVariables,
          maxTokens,
          stopStrings,
          responseFormat,
          reasoningTokens,
          logprobs,
          imageOptions,
          sampling,
          repetitionFuse,
          speculativeTokens,
          scheduling,
          cancellation);
    }
  }
}
