package org.vesalius.bench.quality;

import java.util.Arrays;

/**
 * How far distributions of next tokens are from those of a base, over many places of many texts:
 * the Kullback-Leibler divergence {@code sum p ln(p / q)} of the candidate's {@code q} from the
 * base's {@code p}, in nats, and how often both have the same most likely token.
 */
final class Divergence {
  private double[] values = new double[1024];
  private int count;
  private int sameBest;

  /** Adds a place, by the logits of both. */
  void add(float[] base, float[] candidate) {
    if (base.length != candidate.length) {
      throw new IllegalArgumentException(
          "vocabularies of " + base.length + " and " + candidate.length + " tokens");
    }
    double baseLog = logOfSum(base);
    double candidateLog = logOfSum(candidate);
    double sum = 0;
    for (int i = 0; i < base.length; i++) {
      double logP = base[i] - baseLog;
      sum += Math.exp(logP) * (logP - (candidate[i] - candidateLog));
    }
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    // Rounding may leave a sum of nothing slightly below zero.
    values[count++] = Math.max(0, sum);
    if (best(base) == best(candidate)) {
      sameBest++;
    }
  }

  private static double logOfSum(float[] logits) {
    double largest = logits[best(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    return largest + Math.log(sum);
  }

  /** The first of the largest. */
  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  int count() {
    return count;
  }

  double mean() {
    return Arrays.stream(values, 0, count).average().orElse(Double.NaN);
  }

  /** The divergence that only one place in a hundred exceeds. */
  double percentile99() {
    double[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    return count == 0 ? Double.NaN : sorted[Math.min(count - 1, (int) (0.99 * count))];
  }

  /** Share of places with the same most likely token. */
  double sameBest() {
    return (double) sameBest / count;
  }
}
