package org.vesalius.runtime.generate;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.SamplingRule;
import org.vesalius.kernels.TokenSampler;
import org.vesalius.runtime.SamplingOptions;

/**
 * What a request draws its tokens by: its {@link SamplingOptions}, its random numbers, one for each
 * token, and what has occurred. Steps draw where they compute; {@link #choose} draws the same
 * tokens here, for who wants to see the logits as well. Belongs to one request.
 */
final class Sampler {
  private final SamplingRule rule;
  private final RandomGenerator random;
  private final int[] history;
  private final TokenSampler host = new TokenSampler();

  /**
   * A sampler.
   *
   * @param prompt for the repetition penalty
   * @param seed used where the options have none
   * @param vocabulary number of logits
   */
  Sampler(SamplingOptions options, int[] prompt, long seed, int vocabulary) {
    rule =
        new SamplingRule(
            single(options.temperature()),
            options.topK(),
            single(options.topP()),
            single(options.minP()),
            Math.max(Float.MIN_VALUE, single(options.repetitionPenalty())),
            single(options.presencePenalty()),
            single(options.frequencyPenalty()));
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(options.seed().orElse(seed));
    history = new int[rule.hasPenalties() ? vocabulary : 0];
    if (history.length > 0) {
      for (int id : prompt) {
        // The table of embeddings may be longer than the list of logits.
        if (id < vocabulary) {
          history[id] = 1;
        }
      }
    }
  }

  /** The nearest finite number of single precision. */
  private static float single(double value) {
    return (float) Math.clamp(value, -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  SamplingRule rule() {
    return rule;
  }

  /** What has occurred, by token, as in {@link Sampling#history}; empty where nothing needs it. */
  int[] history() {
    return history;
  }

  /** The random number for the next token. */
  long nextRandom() {
    return rule.temperature() == 0 ? 0 : random.nextLong();
  }

  /**
   * Chooses the next token here.
   *
   * @return the token, or -1 if a logit is not finite
   */
  int choose(float[] logits) {
    int id = host.sample(logits, history, rule, nextRandom());
    if (id >= 0) {
      add(id);
    }
    return id;
  }

  /** Takes note of a token that was drawn where steps compute. */
  void add(int id) {
    if (history.length > 0) {
      history[id] += Sampling.OCCURRENCE;
    }
  }
}
