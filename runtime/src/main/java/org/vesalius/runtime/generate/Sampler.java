package org.vesalius.runtime.generate;

import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.vesalius.runtime.SamplingOptions;

/**
 * Chooses tokens from logits by {@link SamplingOptions}. Belongs to one request.
 *
 * <p>Two tokens that are equally likely are taken in the order of their ids, so greedy answers are
 * the same everywhere.
 */
final class Sampler {
  private final SamplingOptions options;
  private final RandomGenerator random;
  private final Map<Integer, Integer> generatedCounts = new HashMap<>();
  private final Map<Integer, Boolean> seen = new HashMap<>();

  /**
   * A sampler.
   *
   * @param prompt for the repetition penalty
   * @param seed used where the options have none
   */
  Sampler(SamplingOptions options, int[] prompt, long seed) {
    this.options = options;
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(options.seed().orElse(seed));
    if (options.repetitionPenalty() != 1) {
      for (int id : prompt) {
        seen.put(id, true);
      }
    }
  }

  /** Chooses a token. The logits are changed by penalties. */
  int choose(float[] logits) {
    penalize(logits);
    int id = options.temperature() == 0 ? argmax(logits) : draw(logits);
    generatedCounts.merge(id, 1, Integer::sum);
    seen.put(id, true);
    return id;
  }

  private void penalize(float[] logits) {
    if (options.repetitionPenalty() != 1) {
      float penalty = (float) options.repetitionPenalty();
      for (int id : seen.keySet()) {
        logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
      }
    }
    if (options.presencePenalty() != 0 || options.frequencyPenalty() != 0) {
      generatedCounts.forEach((id, count) ->
          logits[id] -= (float) (options.presencePenalty() + options.frequencyPenalty() * count));
    }
  }

  static int argmax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private int draw(float[] logits) {
    TokenHeap heap = new TokenHeap(logits);
    float top = logits[heap.peek()];
    double total = 0;
    for (float logit : logits) {
      total += weight(logit, top);
    }
    // Taken off the heap likeliest first, until a filter ends the list. Top-p and min-p look at
    // what top-k left.
    int limit = options.topK() == 0 ? logits.length : Math.min(options.topK(), logits.length);
    if (options.topK() == 0 && options.topP() == 1 && options.minP() == 0) {
      return drawFromAll(logits, top, total);
    }
    int[] ids = new int[Math.min(limit, 64)];
    double[] weights = new double[ids.length];
    int count = 0;
    double kept = 0;
    if (limit < logits.length) {
      total = new TokenHeap(logits).sumOfLargest(limit, id -> weight(logits[id], top));
    }
    while (count < limit) {
      if (count > 0 && kept >= options.topP() * total) {
        break;
      }
      int id = heap.pop();
      double weight = weight(logits[id], top);
      if (count == ids.length) {
        ids = java.util.Arrays.copyOf(ids, 2 * count);
        weights = java.util.Arrays.copyOf(weights, 2 * count);
      }
      ids[count] = id;
      weights[count++] = weight;
      kept += weight;
    }
    return pick(ids, weights, count);
  }

  /** Min-p is relative to the likeliest token, whose weight is 1. */
  private int pick(int[] ids, double[] weights, int count) {
    int remaining = 1;
    double sum = weights[0];
    while (remaining < count && weights[remaining] >= options.minP()) {
      sum += weights[remaining++];
    }
    double target = random.nextDouble() * sum;
    for (int i = 0; i < remaining; i++) {
      target -= weights[i];
      if (target < 0) {
        return ids[i];
      }
    }
    return ids[remaining - 1];
  }

  private int drawFromAll(float[] logits, float top, double total) {
    double target = random.nextDouble() * total;
    int last = 0;
    for (int id = 0; id < logits.length; id++) {
      double weight = weight(logits[id], top);
      if (weight > 0) {
        target -= weight;
        last = id;
        if (target < 0) {
          return id;
        }
      }
    }
    return last;
  }

  private double weight(float logit, float top) {
    return Math.exp(((double) logit - top) / options.temperature());
  }
}
