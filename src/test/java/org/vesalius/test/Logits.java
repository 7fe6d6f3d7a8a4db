package org.vesalius.test;

import java.util.Arrays;

/** What tests ask of the logits of a step. */
final class Logits {
  private Logits() {}

  /** The token with the largest, of equal ones the first. */
  static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  /** How much the largest logit is ahead of the next one. */
  static double margin(float[] logits) {
    float[] sorted = logits.clone();
    Arrays.sort(sorted);
    return (double) sorted[sorted.length - 1] - sorted[sorted.length - 2];
  }

  /** The largest absolute value. */
  static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
