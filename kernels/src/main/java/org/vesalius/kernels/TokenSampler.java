package org.vesalius.kernels;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * {@link Kernels#sample} for who computes on the host. Nothing is sorted: where top-k and top-p end
 * is found digit by digit of the logits, with the tokens counted, or their weights summed, that
 * have a digit. Not for several threads at once.
 */
public final class TokenSampler {
  /** From which bit each digit of a key counts, and how many values it has. */
  private static final int[] SHIFTS = {21, 10, 0};

  private static final int[] DIGITS = {1 << 11, 1 << 11, 1 << 10};

  private float[] logits = new float[0];
  private long[] weights = new long[0];

  /** Of allowed tokens, which they are. */
  private int[] tokens = new int[0];

  private final int[] counts = new int[DIGITS[0]];
  private final long[] sums = new long[DIGITS[0]];

  /**
   * Where a list ends: what has a smaller key is not in it, and of those with this one the first.
   */
  private int lastKey;

  private int ties;

  /** The weights of the list. */
  private long listed;

  /** Draws a token for each row of {@code x}; shapes and contents have been checked. */
  public void sample(Tensor out, Tensor x, Sampling sampling) {
    reserve(x.columns());
    for (int r = 0; r < x.rows(); r++) {
      long at = 4L * r * x.stride();
      boolean finite = true;
      int width = x.columns();
      Tensor history = sampling.history();
      int historyRow = sampling.historyRow(r);
      SamplingRule rule = sampling.rule(r);
      for (int c = 0; c < width; c++) {
        float logit = x.data().get(ValueLayout.JAVA_FLOAT, at + 4L * c);
        finite &= Math.abs(logit) <= Float.MAX_VALUE;
        logits[c] = logit + 0f;
      }
      if (historyRow >= 0) {
        for (int c = 0; c < width; c++) {
          logits[c] = rule.penalize(logits[c], Contents.integer(history, historyRow, c));
        }
      }
      int chosen = finite ? choose(width, rule, sampling.random(r)) : -1;
      out.data().set(ValueLayout.JAVA_INT, 4L * r, chosen);
      if (chosen >= 0 && historyRow >= 0) {
        long place = 4 * ((long) historyRow * history.stride() + chosen);
        int before = history.data().get(ValueLayout.JAVA_INT, place);
        history.data().set(ValueLayout.JAVA_INT, place, before + Sampling.OCCURRENCE);
      }
    }
  }

  /**
   * Draws a token for one row, as the operation does.
   *
   * @param x the logits
   * @param history of each token, or nothing; the token drawn is not yet added to it
   * @param random as in {@link Sampling#put}
   * @return the token, or -1
   */
  public int sample(float[] x, int[] history, SamplingRule rule, long random) {
    reserve(x.length);
    boolean finite = true;
    for (int c = 0; c < x.length; c++) {
      finite &= Math.abs(x[c]) <= Float.MAX_VALUE;
      logits[c] = history.length == 0 ? x[c] + 0f : rule.penalize(x[c], history[c]);
    }
    return finite ? choose(x.length, rule, random) : -1;
  }

  /**
   * Draws a token for one row, of those that are allowed: as if there were no others.
   *
   * @param allowed a bit for each token, 64 to a number, the lowest first; tokens beyond its end
   *     are not allowed
   * @return the token, or -1 if a logit is not finite, be it allowed or not
   * @throws IllegalArgumentException if no token is allowed
   */
  public int sample(float[] x, long[] allowed, int[] history, SamplingRule rule, long random) {
    reserve(x.length);
    if (tokens.length < x.length) {
      tokens = new int[x.length];
    }
    boolean finite = true;
    for (float logit : x) {
      finite &= Math.abs(logit) <= Float.MAX_VALUE;
    }
    int count = 0;
    for (int word = 0; word < allowed.length; word++) {
      for (long bits = allowed[word]; bits != 0; bits &= bits - 1) {
        int c = (word << 6) + Long.numberOfTrailingZeros(bits);
        if (c >= x.length) {
          break;
        }
        logits[count] = history.length == 0 ? x[c] + 0f : rule.penalize(x[c], history[c]);
        tokens[count++] = c;
      }
    }
    if (count == 0) {
      throw new IllegalArgumentException(
          "sample: expected a token of " + x.length + " that is allowed, found none");
    }
    int chosen = finite ? choose(count, rule, random) : -1;
    return chosen < 0 ? -1 : tokens[chosen];
  }

  private void reserve(int width) {
    if (logits.length < width) {
      logits = new float[width];
      weights = new long[width];
    }
  }

  private int choose(int width, SamplingRule rule, long random) {
    if (width == 0 || !rule.isValid()) {
      return -1;
    }
    int likeliest = 0;
    for (int c = 1; c < width; c++) {
      if (logits[c] > logits[likeliest]) {
        likeliest = c;
      }
    }
    return rule.temperature() == 0 ? likeliest : draw(width, logits[likeliest], rule, random);
  }

  private int draw(int width, float top, SamplingRule rule, long random) {
    float factor = TokenWeight.factor(rule.temperature());
    long total = 0;
    for (int c = 0; c < width; c++) {
      weights[c] = TokenWeight.of(logits[c], top, factor);
      total += weights[c];
    }
    if (rule.topK() > 0 && rule.topK() < width) {
      end(width, rule.topK(), true, top, factor);
      cut(width);
      total = listed;
    }
    if (rule.topP() < 1) {
      end(width, rule.limit(total), false, top, factor);
      cut(width);
    }
    long minimum = rule.minimum();
    long kept = 0;
    for (int c = 0; c < width; c++) {
      if (weights[c] < minimum) {
        weights[c] = 0;
      }
      kept += weights[c];
    }
    long target = Math.unsignedMultiplyHigh(random, kept);
    int c = 0;
    while (target >= weights[c]) {
      target -= weights[c++];
    }
    return c;
  }

  /** Finds where the list ends whose tokens, or whose weights, are as many as {@code target}. */
  private void end(int width, long target, boolean byCount, float top, float factor) {
    long left = target;
    listed = 0;
    for (int level = 0; level < SHIFTS.length; level++) {
      count(width, level);
      int digit = DIGITS[level] - 1;
      while (left > (byCount ? counts[digit] : sums[digit])) {
        left -= byCount ? counts[digit] : sums[digit];
        listed += sums[digit--];
      }
      lastKey = level == 0 ? digit : (lastKey << (SHIFTS[level - 1] - SHIFTS[level])) | digit;
    }
    // All tokens with this key weigh the same.
    long weight = TokenWeight.of(logit(lastKey), top, factor);
    ties = Math.toIntExact(byCount ? left : Math.ceilDiv(left, weight));
    listed += ties * weight;
  }

  /** Counts and weighs the tokens with each digit, of those that agree in the digits before. */
  private void count(int width, int level) {
    int digits = DIGITS[level];
    Arrays.fill(counts, 0, digits, 0);
    Arrays.fill(sums, 0, digits, 0);
    for (int c = 0; c < width; c++) {
      int key = key(logits[c]);
      if (level == 0 || key >>> SHIFTS[level - 1] == lastKey) {
        int digit = key >>> SHIFTS[level] & digits - 1;
        counts[digit]++;
        sums[digit] += weights[c];
      }
    }
  }

  /** Takes the weights of what is behind the end of the list. */
  private void cut(int width) {
    int left = ties;
    for (int c = 0; c < width; c++) {
      int order = Integer.compareUnsigned(key(logits[c]), lastKey);
      if (order < 0 || (order == 0 && --left < 0)) {
        weights[c] = 0;
      }
    }
  }

  /** Unsigned integers in the order of the logits, none of which is a negative zero. */
  private static int key(float logit) {
    int bits = Float.floatToRawIntBits(logit);
    return bits ^ (bits >> 31 | Integer.MIN_VALUE);
  }

  private static float logit(int key) {
    return Float.intBitsToFloat(key < 0 ? key ^ Integer.MIN_VALUE : ~key);
  }
}
