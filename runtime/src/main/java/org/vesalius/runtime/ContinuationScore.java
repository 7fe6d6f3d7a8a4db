package org.vesalius.runtime;

import java.util.List;

/**
 * How likely a model is to go on with a given text, by its own distribution at temperature 1.
 *
 * @param tokens of the text, each with the natural logarithm of its probability after all before
 *     it, and the likeliest tokens of that place: as many as {@link ChatRequest#logprobs} says, at
 *     least one
 * @param usage tokens that went in
 */
public record ContinuationScore(List<Generation.TokenLogprobs> tokens, Generation.Usage usage) {

  /** Copies the list. */
  public ContinuationScore {
    tokens = List.copyOf(tokens);
  }

  /** Natural logarithm of the probability of the whole text. */
  public double logLikelihood() {
    return tokens.stream().mapToDouble(token -> token.chosen().logprob()).sum();
  }

  /** The same per token, which compares texts of different length. */
  public double meanLogLikelihood() {
    return logLikelihood() / tokens.size();
  }

  /** Whether every token is the likeliest of its place: the model itself would write this text. */
  public boolean isLikeliest() {
    return tokens.stream().allMatch(token -> token.chosen().id() == token.top().getFirst().id());
  }
}
