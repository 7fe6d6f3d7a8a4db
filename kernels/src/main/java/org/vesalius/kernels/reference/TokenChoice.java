package org.vesalius.kernels.reference;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.vesalius.kernels.SamplingRule;
import org.vesalius.kernels.TokenWeight;

/** The definition of the choice of a token, with all tokens sorted. */
final class TokenChoice {
  private TokenChoice() {}

  /** The token of one row, or -1. */
  static int choose(float[] logits, int[] history, SamplingRule rule, long random) {
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        return -1;
      }
    }
    if (logits.length == 0 || !rule.isValid()) {
      return -1;
    }
    double[] x = new double[logits.length];
    for (int token = 0; token < x.length; token++) {
      x[token] = rule.penalize(logits[token], history[token]);
    }
    List<Integer> likeliest =
        IntStream.range(0, x.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer token) -> -x[token]))
            .toList();
    if (rule.temperature() == 0) {
      return likeliest.getFirst();
    }
    float top = (float) x[likeliest.getFirst()];
    float factor = TokenWeight.factor(rule.temperature());
    long[] weights = new long[x.length];
    for (int token = 0; token < x.length; token++) {
      weights[token] = TokenWeight.of((float) x[token], top, factor);
    }
    if (rule.topK() > 0) {
      likeliest = likeliest.subList(0, Math.min(rule.topK(), x.length));
    }
    if (rule.topP() < 1) {
      likeliest = likeliest.subList(0, length(likeliest, weights, rule));
    }
    long[] kept = new long[x.length];
    for (int token : likeliest) {
      kept[token] = weights[token] >= rule.minimum() ? weights[token] : 0;
    }
    long target = Math.unsignedMultiplyHigh(random, sum(kept));
    int token = 0;
    for (long before = kept[0]; before <= target; before += kept[token]) {
      token++;
    }
    return token;
  }

  /** How many tokens it takes to reach top-p. */
  private static int length(List<Integer> likeliest, long[] weights, SamplingRule rule) {
    long limit = rule.limit(likeliest.stream().mapToLong(token -> weights[token]).sum());
    long reached = 0;
    int length = 0;
    while (reached < limit) {
      reached += weights[likeliest.get(length++)];
    }
    return length;
  }

  private static long sum(long[] weights) {
    long sum = 0;
    for (long weight : weights) {
      sum += weight;
    }
    return sum;
  }
}
