package org.vesalius.runtime;

import java.util.List;
import java.util.Optional;
import org.vesalius.runtime.answer.InvalidRegion;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.answer.ToolCall;

/**
 * An answer and how it came about.
 *
 * @param requestId what the request was called, see {@link Scheduling#requestId}, or its number
 * @param text the answer without its reasoning and its proper tool calls
 * @param reasoning what the model wrote between its reasoning marks, or empty
 * @param reasoningUnclosed whether the model never ended its reasoning: then there is no answer
 * @param toolCalls the calls of tools in order, malformed ones with their problem
 * @param regions places in the request's pictures, in pixels of the upright source
 * @param invalidRegions what was written like a place and is none
 * @param tokenIds the generated tokens, an end token included
 * @param logprobs for each generated token, where the request asked for them
 * @param finishReason why it ended
 * @param usage how many tokens went in and out
 * @param timings where the time went
 * @param backend what computed
 * @param seed of the random numbers; means nothing for a greedy answer
 */
public record Generation(
    String requestId,
    String text,
    String reasoning,
    boolean reasoningUnclosed,
    List<ToolCall> toolCalls,
    List<Region> regions,
    List<InvalidRegion> invalidRegions,
    List<Integer> tokenIds,
    List<TokenLogprobs> logprobs,
    FinishReason finishReason,
    Usage usage,
    Timings timings,
    String backend,
    long seed) {
  private static final String ANSWER = "<answer>";
  private static final String ANSWER_END = "</answer>";

  /**
   * What stands in the last {@code <answer>…</answer>} of the text, as models write that were tuned
   * on verifiable answers (QoQ-Med, MedVLM-R1); empty where there is none. The text itself keeps
   * the tags.
   */
  public Optional<String> taggedAnswer() {
    int end = text.lastIndexOf(ANSWER_END);
    int begin = end < 0 ? -1 : text.lastIndexOf(ANSWER, end);
    return begin < 0
        ? Optional.empty()
        : Optional.of(text.substring(begin + ANSWER.length(), end).strip());
  }

  /**
   * How likely a generated token was, under the model's own distribution before penalties and
   * temperature.
   *
   * @param chosen the token that was taken
   * @param top the likeliest tokens, likeliest first
   */
  public record TokenLogprobs(TokenLogprob chosen, List<TokenLogprob> top) {}

  /**
   * A token's probability.
   *
   * @param id of the token
   * @param token the token as text; a part of a character shows as U+FFFD
   * @param logprob natural logarithm of the probability
   */
  public record TokenLogprob(int id, String token, double logprob) {}

  /**
   * Token counts.
   *
   * @param promptTokens tokens of the prompt, image tokens included
   * @param imageTokens those that stand for images
   * @param completionTokens generated tokens, an end token included
   * @param cachedTokens those of the prompt that an earlier request had computed
   * @param drafts tokens that were guessed ahead
   */
  public record Usage(
      int promptTokens,
      int imageTokens,
      int completionTokens,
      int cachedTokens,
      DraftAcceptance drafts) {}

  /**
   * Durations in nanoseconds.
   *
   * @param preprocessNanos template, tokens, image decoding and resizing
   * @param queueNanos until the request took part in steps
   * @param visionNanos vision encoder
   * @param prefillNanos prompt through the decoder
   * @param decodeNanos from the first to the last generated token
   * @param firstTokenNanos from the call to the first generated token
   */
  public record Timings(
      long preprocessNanos,
      long queueNanos,
      long visionNanos,
      long prefillNanos,
      long decodeNanos,
      long firstTokenNanos) {

    /** Tokens per second after the first token; 0 where there was none. */
    public double decodeTokensPerSecond(int completionTokens) {
      return completionTokens < 2 || decodeNanos == 0
          ? 0
          : (completionTokens - 1) * 1e9 / decodeNanos;
    }
  }
}
