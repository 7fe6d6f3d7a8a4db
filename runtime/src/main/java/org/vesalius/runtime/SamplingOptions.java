package org.vesalius.runtime;

import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

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
    return changed(copy -> copy.temperature = value);
  }

  /** With another top-k. */
  public SamplingOptions withTopK(int value) {
    return changed(copy -> copy.topK = value);
  }

  /** With another top-p. */
  public SamplingOptions withTopP(double value) {
    return changed(copy -> copy.topP = value);
  }

  /** With another min-p. */
  public SamplingOptions withMinP(double value) {
    return changed(copy -> copy.minP = value);
  }

  /** With another repetition penalty. */
  public SamplingOptions withRepetitionPenalty(double value) {
    return changed(copy -> copy.repetitionPenalty = value);
  }

  /** With another presence penalty. */
  public SamplingOptions withPresencePenalty(double value) {
    return changed(copy -> copy.presencePenalty = value);
  }

  /** With another frequency penalty. */
  public SamplingOptions withFrequencyPenalty(double value) {
    return changed(copy -> copy.frequencyPenalty = value);
  }

  /** With a seed. */
  public SamplingOptions withSeed(long value) {
    return changed(copy -> copy.seed = OptionalLong.of(value));
  }

  /** With other biases of tokens. */
  public SamplingOptions withLogitBias(Map<Integer, Double> values) {
    return changed(copy -> copy.logitBias = values);
  }

  private SamplingOptions changed(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.options();
  }

  /** The same values, of which one is about to be another. */
  private static final class Copy {
    private double temperature;
    private int topK;
    private double topP;
    private double minP;
    private double repetitionPenalty;
    private double presencePenalty;
    private double frequencyPenalty;
    private Map<Integer, Double> logitBias;
    private OptionalLong seed;

    Copy(SamplingOptions from) {
      temperature = from.temperature;
      topK = from.topK;
      topP = from.topP;
      minP = from.minP;
      repetitionPenalty = from.repetitionPenalty;
      presencePenalty = from.presencePenalty;
      frequencyPenalty = from.frequencyPenalty;
      logitBias = from.logitBias;
      seed = from.seed;
    }

    SamplingOptions options() {
      return new SamplingOptions(
          temperature,
          topK,
          topP,
          minP,
          repetitionPenalty,
          presencePenalty,
          frequencyPenalty,
          logitBias,
          seed);
    }
  }

  private static void require(boolean holds, String name, String expected, double found) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
    }
  }
}
