package org.vesalius.runtime.generate;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Sampling;
import org.vesalius.kernels.SamplingRule;
import org.vesalius.kernels.TokenSampler;
import org.vesalius.runtime.SamplingOptions;

/**
 * What a request draws its tokens by: its {@link SamplingOptions}, its random numbers, one for each
 * token, and what has occurred. Steps draw where they compute; {@link #choose} draws the same
 * tokens here, for who wants to see the logits as well, and it alone knows biases and masks.
 * Belongs to one request.
 *
 * <p>The random numbers are a sequence that the seed alone decides, and a token takes the next one
 * whether it was computed alone or as one of several rows of a step. A step that checks guesses
 * looks ahead with {@link #random}, one number for each row, and gives back by {@link #consumed}
 * what it did not use; so an answer is the same with guesses and without.
 */
final class Sampler {
  private final SamplingRule rule;
  private final RandomGenerator random;
  private final int[] history;
  private final TokenSampler host = new TokenSampler();
  private final int[] biased;
  private final float[] bias;
  private float[] sum = {};

  /** Random numbers that somebody has looked at, from the next token's on. */
  private long[] ahead = new long[1];

  private int known;

  /**
   * A sampler.
   *
   * @param prompt for the repetition penalty
   * @param seed used where the options have none
   * @param vocabulary number of logits
   * @throws IllegalArgumentException if a bias is of a token beyond the vocabulary
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
    requireKnown(options, vocabulary);
    biased = options.logitBias().keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    bias = new float[biased.length];
    for (int i = 0; i < biased.length; i++) {
      bias[i] = single(options.logitBias().getOrDefault(biased[i], 0.0));
    }
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

  private static void requireKnown(SamplingOptions options, int vocabulary) {
    options
        .logitBias()
        .keySet()
        .forEach(token -> {
          if (token >= vocabulary) {
            throw new IllegalArgumentException(
                "logit_bias: token "
                    + token
                    + ": expected an id below "
                    + vocabulary
                    + ", the model's vocabulary; is the id of another model's tokenizer?");
          }
        });
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

  /** Whether there are biases, which only {@link #choose} knows. */
  boolean hasBias() {
    return biased.length > 0;
  }

  /** The random number for the next token, which is used by that. */
  long nextRandom() {
    long next = random(0);
    consumed(1);
    return next;
  }

  /**
   * The random number for a token to come, as often as one likes.
   *
   * @param row 0 for the next token, 1 for the one after it
   */
  long random(int row) {
    if (rule.temperature() == 0) {
      return 0;
    }
    if (row >= ahead.length) {
      ahead = Arrays.copyOf(ahead, 2 * row);
    }
    while (known <= row) {
      ahead[known++] = random.nextLong();
    }
    return ahead[row];
  }

  /** Says that the next {@code tokens} tokens have been drawn, so that their numbers are used. */
  void consumed(int tokens) {
    if (rule.temperature() == 0 || tokens == 0) {
      return;
    }
    random(tokens - 1);
    known -= tokens;
    System.arraycopy(ahead, tokens, ahead, 0, known);
  }

  /**
   * Chooses the next token here.
   *
   * @return the token, or -1 if a logit is not finite
   */
  int choose(float[] logits) {
    return choose(logits, null);
  }

  /**
   * Chooses the next token here, of those that are allowed: as if the others had no probability.
   *
   * @param logits as the model gave them; they are not changed
   * @param allowed a bit for each token, 64 to a number, the lowest first; tokens beyond its end
   *     are not allowed. Null for all
   * @return the token, or -1 if a logit is not finite, be it allowed or not
   * @throws IllegalArgumentException if no token is allowed
   */
  int choose(float[] logits, long @Nullable [] allowed) {
    float[] x = logits;
    if (hasBias()) {
      if (sum.length != logits.length) {
        sum = new float[logits.length];
      }
      System.arraycopy(logits, 0, sum, 0, logits.length);
      for (int i = 0; i < biased.length; i++) {
        sum[biased[i]] = plus(logits[biased[i]], bias[i]);
      }
      x = sum;
    }
    long number = nextRandom();
    int id =
        allowed == null
            ? host.sample(x, history, rule, number)
            : host.sample(x, allowed, history, rule, number);
    if (id >= 0) {
      add(id);
    }
    return id;
  }

  /** Within the finite numbers, unless the logit is not. */
  private static float plus(float logit, float bias) {
    return Math.abs(logit) <= Float.MAX_VALUE
        ? Math.clamp(logit + bias, -Float.MAX_VALUE, Float.MAX_VALUE)
        : logit;
  }

  /** Takes note of a token that was drawn where steps compute, or that had to come. */
  void add(int id) {
    if (history.length > 0) {
      history[id] += Sampling.OCCURRENCE;
    }
  }
}
