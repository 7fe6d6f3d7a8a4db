package org.vesalius.runtime;

import java.util.List;

/**
 * An answer and how it came about.
 *
 * @param text the answer without its reasoning
 * @param reasoning what the model wrote between its reasoning marks, or empty
 * @param tokenIds the generated tokens, an end token included
 * @param logprobs for each generated token, where the request asked for them
 * @param finishReason why it ended
 * @param usage how many tokens went in and out
 * @param timings where the time went
 * @param backend what computed
 * @param seed of the random numbers; means nothing for a greedy answer
 */
public record Generation(
    String text,
    String reasoning,
    List<Integer> tokenIds,
    List<TokenLogprobs> logprobs,
    FinishReason finishReason,
    Usage usage,
    Timings timings,
    String backend,
    long seed) {

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
   */
  public record Usage(int promptTokens, int imageTokens, int completionTokens) {}

  /**
   * Durations in nanoseconds.
   *
   * @param preprocessNanos template, tokens, image decoding and resizing
   * @param visionNanos vision encoder
   * @param prefillNanos prompt through the decoder
   * @param decodeNanos from the first to the last generated token
   * @param firstTokenNanos from the call to the first generated token
   */
  public record Timings(
      long preprocessNanos,
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
