package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vesalius.runtime.SamplingOptions;

class SamplerTest {
  private static final int DRAWS = 40_000;

  private static double[] shares(SamplingOptions options, float... logits) {
    Sampler sampler = new Sampler(options.withSeed(7), new int[0], 0, logits.length);
    double[] shares = new double[logits.length];
    for (int i = 0; i < DRAWS; i++) {
      shares[sampler.choose(logits)] += 1.0 / DRAWS;
    }
    return shares;
  }

  /** Within five standard deviations of a draw with this probability. */
  private static void near(double expected, double found) {
    double deviation = Math.sqrt(Math.max(expected * (1 - expected), 1e-12) / DRAWS);
    assertTrue(
        Math.abs(expected - found) <= 5 * deviation + 1e-12,
        "expected " + expected + ", found " + found);
  }

  private static float log(double p) {
    return (float) Math.log(p);
  }

  @Test
  void greedyTakesTheLowestIdOfEquals() {
    assertEquals(
        1,
        new Sampler(SamplingOptions.greedy(), new int[0], 0, 4).choose(new float[] {0, 2, 2, 1}));
  }

  @Test
  void temperatureOneDrawsFromTheSoftmax() {
    double[] shares =
        shares(SamplingOptions.greedy().withTemperature(1), log(0.5), log(0.2), log(0.3));
    near(0.5, shares[0]);
    near(0.2, shares[1]);
    near(0.3, shares[2]);
  }

  @Test
  void temperatureHalfSquaresProbabilities() {
    double[] shares = shares(SamplingOptions.greedy().withTemperature(0.5), log(0.6), log(0.3));
    near(0.36 / 0.45, shares[0]);
    near(0.09 / 0.45, shares[1]);
  }

  @Test
  void topKKeepsTheLikeliest() {
    double[] shares =
        shares(
            SamplingOptions.greedy().withTemperature(1).withTopK(2), log(0.5), log(0.2), log(0.3));
    near(0.5 / 0.8, shares[0]);
    near(0, shares[1]);
    near(0.3 / 0.8, shares[2]);
  }

  @Test
  void topPKeepsTheTokenThatReachesTheSum() {
    double[] shares =
        shares(
            SamplingOptions.greedy().withTemperature(1).withTopP(0.6),
            log(0.5),
            log(0.2),
            log(0.3));
    near(0.5 / 0.8, shares[0]);
    near(0, shares[1]);
    near(0.3 / 0.8, shares[2]);
  }

  /** Top-p is a share of what top-k left: of 0.5 and 0.3 the first alone has 0.625. */
  @Test
  void topPLooksAtWhatTopKLeft() {
    double[] shares =
        shares(
            SamplingOptions.greedy().withTemperature(1).withTopK(2).withTopP(0.62),
            log(0.5),
            log(0.2),
            log(0.3));
    near(1, shares[0]);
  }

  @Test
  void minPIsAShareOfTheLikeliest() {
    double[] shares =
        shares(
            SamplingOptions.greedy().withTemperature(1).withMinP(0.5),
            log(0.5),
            log(0.2),
            log(0.3));
    near(0.5 / 0.8, shares[0]);
    near(0, shares[1]);
    near(0.3 / 0.8, shares[2]);
  }

  @Test
  void theRepetitionPenaltyLooksAtPromptAndAnswer() {
    Sampler sampler =
        new Sampler(SamplingOptions.greedy().withRepetitionPenalty(2), new int[] {0, 3}, 0, 4);
    // 3/2, 2, -1*2: the second wins, and is penalised from then on.
    assertEquals(1, sampler.choose(new float[] {3, 2, 1, -1}));
    assertEquals(0, sampler.choose(new float[] {3, 2, 1, -1}));
    assertEquals(2, sampler.choose(new float[] {1.9f, 1.9f, 1, -1}));
  }

  @Test
  void presenceAndFrequencyLookAtTheAnswerOnly() {
    Sampler presence =
        new Sampler(SamplingOptions.greedy().withPresencePenalty(1.5), new int[] {0}, 0, 2);
    assertEquals(0, presence.choose(new float[] {3, 2}));
    assertEquals(1, presence.choose(new float[] {3, 2}));
    assertEquals(0, presence.choose(new float[] {3, 2}));
    Sampler frequency =
        new Sampler(SamplingOptions.greedy().withFrequencyPenalty(0.6), new int[] {0}, 0, 2);
    assertEquals(0, frequency.choose(new float[] {3, 2}));
    assertEquals(0, frequency.choose(new float[] {3, 2}));
    assertEquals(1, frequency.choose(new float[] {3, 2}));
  }

  @Test
  void aSeedRepeats() {
    float[] logits = new float[500];
    SamplingOptions options =
        SamplingOptions.greedy().withTemperature(1).withTopP(0.9).withSeed(42);
    Sampler first = new Sampler(options, new int[0], 0, logits.length);
    Sampler second = new Sampler(options, new int[0], 1, logits.length);
    for (int i = 0; i < 100; i++) {
      assertEquals(first.choose(logits), second.choose(logits));
    }
  }
}
