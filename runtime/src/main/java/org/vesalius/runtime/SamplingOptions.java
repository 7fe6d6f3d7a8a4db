package org.vesalius.runtime;

import java.util.Map;
import java.util.OptionalLong;

/**
 * How the next token is chosen. The default is greedy: always the likeliest token, so that the same
 * request gives the same answer.
 *
 * <p>Penalties come first, then temperature, top-k, top-p and min-p, in the order of transformers.
 *
 * @param temperature divides the logits; 0 is greedy
 * @param topK how many of the likeliest tokens remain, 0 for all
 * @param topP the likeliest tokens remain until their probabilities reach this sum; 1 for all
 * @param minP tokens remain whose probability is at least this share of the likeliest one's; 0 for
 *     all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occur in
 *     prompt or answer (Keskar et al. 2019); 1 for none
 * @param presencePenalty subtracted once from logits of tokens that occur in the answer; 0 for none
 * @param frequencyPenalty subtracted from a token's logit for each time it occurs in the answer; 0
 *     for none
 * @param logitBias added to the logits of these tokens before anything else
 * @param seed of the random numbers; empty for one that differs every time
 */
public record SamplingOptions(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    Map<Integer, Double> logitBias,
    OptionalLong seed) {

  /** Checks the ranges. */
  public SamplingOptions {
    require(
        temperature >= 0 && Double.isFinite(temperature), "temperature", "at least 0", temperature);
    require(topK >= 0, "top_k", "at least 0", topK);
    require(topP > 0 && topP <= 1, "top_p", "above 0 and at most 1", topP);
    require(minP >= 0 && minP <= 1, "min_p", "from 0 to 1", minP);
    require(
        repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
        "repetition_penalty",
        "above 0",
        repetitionPenalty);
    require(
        Double.isFinite(presencePenalty), "presence_penalty", "a finite number", presencePenalty);
    require(
        Double.isFinite(frequencyPenalty),
        "frequency_penalty",
        "a finite number",
        frequencyPenalty);
    logitBias = Map.copyOf(logitBias);
    logitBias.forEach((token, bias) -> {
      require(token >= 0, "logit_bias: token", "at least 0", token);
      require(Double.isFinite(bias), "logit_bias", "a finite number", bias);
    });
  }

  /** The likeliest token every time. */
  public static SamplingOptions greedy() {
    return new SamplingOptions(0, 0, 1, 0, 1, 0, 0, Map.of(), OptionalLong.empty());
  }

  /** Whether the likeliest token is taken as the model sees it: greedy, and without penalties. */
  public boolean isLikeliest() {
    return temperature == 0
        && repetitionPenalty == 1
        && presencePenalty == 0
        && frequencyPenalty == 0
        && logitBias.isEmpty();
  }

  /** With another temperature. */
  public SamplingOptions withTemperature(double value) {
    return new SamplingOptions(
        value,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        seed);
  }

  /** With another top-k. */
  public SamplingOptions withTopK(int value) {
    return new SamplingOptions(
        temperature,
        value,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        seed);
  }

  /** With another top-p. */
  public SamplingOptions withTopP(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        value,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        seed);
  }

  /** With another min-p. */
  public SamplingOptions withMinP(double value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        value,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        seed);
  }

  /** With another repetition penalty. */
  public SamplingOptions withRepetitionPenalty(double value) {
    return new SamplingOptions(
        temperature, topK, topP, minP, value, presencePenalty, frequencyPenalty, logitBias, seed);
  }

  /** With another presence penalty. */
  public SamplingOptions withPresencePenalty(double value) {
    return new SamplingOptions(
        temperature, topK, topP, minP, repetitionPenalty, value, frequencyPenalty, logitBias, seed);
  }

  /** With another frequency penalty. */
  public SamplingOptions withFrequencyPenalty(double value) {
    return new SamplingOptions(
        temperature, topK, topP, minP, repetitionPenalty, presencePenalty, value, logitBias, seed);
  }

  /** With a seed. */
  public SamplingOptions withSeed(long value) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        logitBias,
        OptionalLong.of(value));
  }

  /** With other biases of tokens. */
  public SamplingOptions withLogitBias(Map<Integer, Double> values) {
    return new SamplingOptions(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        frequencyPenalty,
        values,
        seed);
  }

  private static void require(boolean holds, String name, String expected, double found) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
    }
  }
}
