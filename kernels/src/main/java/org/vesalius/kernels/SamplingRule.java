package org.vesalius.kernels;

/**
 * How {@link Kernels#sample} draws one token. What has no effect is 0, of {@code topP} and {@code
 * repetitionPenalty} 1.
 *
 * @param temperature divides the logits; 0 takes the largest
 * @param topK how many of the likeliest tokens remain; 0 for all
 * @param topP the likeliest tokens remain until their probabilities reach this sum; from 0 to 1
 * @param minP tokens remain whose probability is at least this share of the likeliest one's; from 0
 *     to 1
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens that occur
 *     (Keskar et al. 2019); above 0
 * @param presencePenalty subtracted once from the logit of a token that occurs in the answer
 * @param frequencyPenalty subtracted from a token's logit for each time it occurs in the answer
 */
public record SamplingRule(
    float temperature,
    int topK,
    float topP,
    float minP,
    float repetitionPenalty,
    float presencePenalty,
    float frequencyPenalty) {

  /** The likeliest token, without penalties. */
  public static SamplingRule greedy() {
    return new SamplingRule(0, 0, 1, 0, 1, 0, 0);
  }

  /** Whether every number is in its range; with one that is not, no token is drawn. */
  public boolean isValid() {
    return temperature >= 0
        && temperature <= Float.MAX_VALUE
        && topK >= 0
        && topP >= 0
        && topP <= 1
        && minP >= 0
        && minP <= 1
        && repetitionPenalty > 0
        && repetitionPenalty <= Float.MAX_VALUE
        && Math.abs(presencePenalty) <= Float.MAX_VALUE
        && Math.abs(frequencyPenalty) <= Float.MAX_VALUE;
  }

  /** Whether a penalty has an effect, so that what occurred must be known. */
  public boolean hasPenalties() {
    return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
  }

  /**
   * A logit after the penalties, within the finite numbers, and never a negative zero.
   *
   * @param history of the token, see {@link Sampling}
   */
  public float penalize(float logit, int history) {
    float x = logit;
    if (history != 0) {
      x = finite(x < 0 ? x * repetitionPenalty : x / repetitionPenalty);
    }
    int count = history >> 1;
    if (count > 0) {
      x = finite(x - (presencePenalty + frequencyPenalty * count));
    }
    return x + 0f;
  }

  private static float finite(float x) {
    return Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, x));
  }

  /**
   * The sum of weights at which top-p ends a list, {@code ceil(topP * total)} in binary64, at least
   * 1 and at most {@code total}.
   */
  public long limit(long total) {
    return topP == 1 ? total : Math.clamp((long) Math.ceil((double) topP * total), 1, total);
  }

  /** The smallest weight that min-p leaves, {@code ceil(minP * TokenWeight.LARGEST)}. */
  public long minimum() {
    return (long) Math.ceil((double) minP * TokenWeight.LARGEST);
  }
}
