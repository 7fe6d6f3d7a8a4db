package org.vesalius.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ImageOptions;
import org.vesalius.runtime.ResponseFormat;

/**
 * Parameters of a request to Vesalius, with those that LangChain4j has no word for. Immutable.
 *
 * <p>Sampling is as {@link org.vesalius.runtime.SamplingOptions} says: without a temperature an
 * answer is greedy, and then {@code topP}, {@code topK}, {@code minP} and the seed change nothing.
 */
public final class VesaliusChatRequestParameters extends DefaultChatRequestParameters {
  private final Own own;

  private VesaliusChatRequestParameters(Builder builder) {
    super(builder);
    own = builder.own();
  }

  /**
   * What LangChain4j has no word for; null where nothing is said.
   *
   * @param seed of the random numbers
   * @param minP see {@link org.vesalius.runtime.SamplingOptions#minP}
   * @param repetitionPenalty see {@link org.vesalius.runtime.SamplingOptions#repetitionPenalty}
   * @param logitBias see {@link org.vesalius.runtime.SamplingOptions#logitBias}
   * @param logprobs for how many tokens log-probabilities are given; they are in {@link
   *     VesaliusChatResponseMetadata#generation}
   * @param reasoningTokens how many tokens of reasoning may come before the answer; 0 for none
   * @param imageOptions how pictures are prepared
   * @param templateVariables what the chat template may read besides
   * @param requiredTool the tool that has to be called
   * @param answerFormat an answer's form beyond JSON: a regular expression or a grammar
   * @param repetitionFuse whether an answer ends that only repeats itself
   * @param speculativeTokens how many tokens are guessed ahead
   * @param requestId what events, metrics and errors call the request
   * @param priority requests of a higher one go first
   * @param timeLimit after which a request fails with {@link
   *     dev.langchain4j.exception.TimeoutException}
   */
  public record Own(
      @Nullable Long seed,
      @Nullable Double minP,
      @Nullable Double repetitionPenalty,
      @Nullable Map<Integer, Double> logitBias,
      @Nullable Integer logprobs,
      @Nullable Integer reasoningTokens,
      @Nullable ImageOptions imageOptions,
      @Nullable Map<String, ? extends @Nullable Object> templateVariables,
      @Nullable String requiredTool,
      @Nullable ResponseFormat answerFormat,
      @Nullable Boolean repetitionFuse,
      @Nullable Integer speculativeTokens,
      @Nullable String requestId,
      @Nullable Integer priority,
      @Nullable Duration timeLimit) {

    /** Copies the maps. */
    public Own {
      logitBias = logitBias == null ? null : Map.copyOf(logitBias);
      templateVariables =
          templateVariables == null
              ? null
              : Collections.unmodifiableMap(new LinkedHashMap<>(templateVariables));
    }
  }

  /** What LangChain4j has no word for. */
  public Own own() {
    return own;
  }

  /**
   * Any parameters as these.
   *
   * @throws UnsupportedFeatureException if they are another provider's
   */
  static VesaliusChatRequestParameters of(ChatRequestParameters parameters) {
    return builder().overrideWith(parameters).build();
  }

  /**
   * Another provider's parameters say things that would be lost.
   *
   * @throws UnsupportedFeatureException naming their class
   */
  private static void requireKnown(ChatRequestParameters parameters) {
    Class<?> type = parameters.getClass();
    if (type != VesaliusChatRequestParameters.class && type != DefaultChatRequestParameters.class) {
      throw new UnsupportedFeatureException(
          "request parameters: expected "
              + VesaliusChatRequestParameters.class.getSimpleName()
              + " or "
              + DefaultChatRequestParameters.class.getSimpleName()
              + ", found "
              + type.getName()
              + "; what is particular to them would be ignored");
    }
  }

  @Override
  public ChatRequestParameters overrideWith(ChatRequestParameters that) {
    requireKnown(that);
    return builder().overrideWith(this).overrideWith(that).build();
  }

  @Override
  public ChatRequestParameters defaultedBy(ChatRequestParameters that) {
    requireKnown(that);
    return builder().overrideWith(that).overrideWith(this).build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other)
        && other instanceof VesaliusChatRequestParameters that
        && own.equals(that.own);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), own);
  }

  @Override
  public String toString() {
    return super.toString() + own;
  }

  /** Parameters that say nothing, to be refined. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects parameters. */
  public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {
    private @Nullable Long seed;
    private @Nullable Double minP;
    private @Nullable Double repetitionPenalty;
    private @Nullable Map<Integer, Double> logitBias;
    private @Nullable Integer logprobs;
    private @Nullable Integer reasoningTokens;
    private @Nullable ImageOptions imageOptions;
    private @Nullable Map<String, ? extends @Nullable Object> templateVariables;
    private @Nullable String requiredTool;
    private @Nullable ResponseFormat answerFormat;
    private @Nullable Boolean repetitionFuse;
    private @Nullable Integer speculativeTokens;
    private @Nullable String requestId;
    private @Nullable Integer priority;
    private @Nullable Duration timeLimit;

    private Builder() {}

    @Override
    public Builder overrideWith(ChatRequestParameters parameters) {
      super.overrideWith(parameters);
      requireKnown(parameters);
      if (parameters instanceof VesaliusChatRequestParameters ours) {
        Own that = ours.own;
        seed = last(seed, that.seed);
        minP = last(minP, that.minP);
        repetitionPenalty = last(repetitionPenalty, that.repetitionPenalty);
        logitBias = last(logitBias, that.logitBias);
        logprobs = last(logprobs, that.logprobs);
        reasoningTokens = last(reasoningTokens, that.reasoningTokens);
        imageOptions = last(imageOptions, that.imageOptions);
        templateVariables = last(templateVariables, that.templateVariables);
        requiredTool = last(requiredTool, that.requiredTool);
        answerFormat = last(answerFormat, that.answerFormat);
        repetitionFuse = last(repetitionFuse, that.repetitionFuse);
        speculativeTokens = last(speculativeTokens, that.speculativeTokens);
        requestId = last(requestId, that.requestId);
        priority = last(priority, that.priority);
        timeLimit = last(timeLimit, that.timeLimit);
      }
      return this;
    }

    private static <T> @Nullable T last(@Nullable T first, @Nullable T second) {
      return second == null ? first : second;
    }

    /** Makes sampling repeatable. */
    public Builder seed(Long value) {
      seed = value;
      return this;
    }

    /** Keeps tokens of at least this share of the likeliest one's probability. */
    public Builder minP(Double value) {
      minP = value;
      return this;
    }

    /** Makes tokens less likely that occur already. */
    public Builder repetitionPenalty(Double value) {
      repetitionPenalty = value;
      return this;
    }

    /** Makes single tokens more or less likely. */
    public Builder logitBias(Map<Integer, Double> biases) {
      logitBias = biases;
      return this;
    }

    /** Asks for log-probabilities of this many tokens at each step. */
    public Builder logprobs(Integer value) {
      logprobs = value;
      return this;
    }

    /** Limits the reasoning; 0 for none. */
    public Builder reasoningTokens(Integer value) {
      reasoningTokens = value;
      return this;
    }

    /** Sets how pictures are prepared. */
    public Builder imageOptions(ImageOptions value) {
      imageOptions = value;
      return this;
    }

    /** Sets what the chat template may read besides. */
    public Builder templateVariables(Map<String, ? extends @Nullable Object> variables) {
      templateVariables = variables;
      return this;
    }

    /** Names the tool that has to be called. */
    public Builder requiredTool(String tool) {
      requiredTool = tool;
      return this;
    }

    /** Sets an answer's form that LangChain4j's response format cannot say. */
    public Builder answerFormat(ResponseFormat value) {
      answerFormat = value;
      return this;
    }

    /** Sets whether an answer ends that only repeats itself. */
    public Builder repetitionFuse(Boolean value) {
      repetitionFuse = value;
      return this;
    }

    /** Sets how many tokens are guessed ahead. */
    public Builder speculativeTokens(Integer value) {
      speculativeTokens = value;
      return this;
    }

    /** Names the request. */
    public Builder requestId(String id) {
      requestId = id;
      return this;
    }

    /** Sets the priority. */
    public Builder priority(Integer value) {
      priority = value;
      return this;
    }

    /** Limits the time, waiting included. */
    public Builder timeLimit(Duration value) {
      timeLimit = value;
      return this;
    }

    private Own own() {
      return new Own(
          seed,
          minP,
          repetitionPenalty,
          logitBias,
          logprobs,
          reasoningTokens,
          imageOptions,
          templateVariables,
          requiredTool,
          answerFormat,
          repetitionFuse,
          speculativeTokens,
          requestId,
          priority,
          timeLimit);
    }

    @Override
    public VesaliusChatRequestParameters build() {
      return new VesaliusChatRequestParameters(this);
    }
  }
}
