package org.vesalius.kernels;

import java.util.SplittableRandom;

/** Seeded numbers for contract tests. */
public final class Samples {
  private final SplittableRandom random;

  /** Numbers of a seed. */
  public Samples(long seed) {
    random = new SplittableRandom(seed);
  }

  /** A whole number from 0 to below {@code bound}. */
  public int below(int bound) {
    return random.nextInt(bound);
  }

  /** Normally distributed with mean 0, so that sums cancel. */
  public float[] normal(int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  /** Like {@link #normal}, but every odd number nearly takes its left neighbour away. */
  public float[] cancelling(int count) {
    float[] values = normal(count, 1);
    for (int i = 1; i < count; i += 2) {
      values[i] = -values[i - 1] * (1 + (float) random.nextGaussian() * 1e-4f);
    }
    return values;
  }

  /** Zeros of both signs, subnormal, tiny and large numbers of both signs. */
  public float[] extreme(int count, float largest) {
    float[] choice = {0f, -0f, Float.MIN_VALUE, -1e-40f, Float.MIN_NORMAL, 1e-20f, 1f, largest};
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      float sign = random.nextBoolean() ? 1 : -1;
      values[i] = sign * choice[random.nextInt(choice.length)];
    }
    return values;
  }

  /** A random order of the numbers from 0 to below {@code count}. */
  public int[] permutation(int count) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      values[i] = values[j];
      values[j] = i;
    }
    return values;
  }

  /** The absolute values. */
  public static float[] magnitudes(float[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = Math.abs(values[i]);
    }
    return result;
  }
}
