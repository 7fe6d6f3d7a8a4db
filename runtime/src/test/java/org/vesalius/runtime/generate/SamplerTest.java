package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

  private static Sampler sampler(SamplingOptions options, int vocabulary) {
    return new Sampler(options, new int[] {1, 2}, 5, vocabulary);
  }

  private static float[] random(Random random, int count) {
    float[] logits = new float[count];
    for (int i = 0; i < count; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    return logits;
  }

  private static List<SamplingOptions> manyOptions() {
    SamplingOptions drawn = SamplingOptions.greedy().withTemperature(0.9).withSeed(3);
    return List.of(
        SamplingOptions.greedy(),
        SamplingOptions.greedy().withRepetitionPenalty(1.3),
        drawn,
        drawn.withTopK(5),
        drawn.withTopP(0.8),
        drawn.withMinP(0.1).withTopK(9).withTopP(0.95),
        drawn.withPresencePenalty(0.7).withFrequencyPenalty(0.3).withRepetitionPenalty(1.1));
  }

  /** The tokens that are left are drawn as from a model that has no others. */
  @Test
  void aMaskedTokenHasNoProbability() {
    for (SamplingOptions options : manyOptions()) {
      for (int seed = 0; seed < 50; seed++) {
        Random random = new Random(seed);
        int vocabulary = 1 + random.nextInt(300);
        BitSet allowed = new BitSet();
        for (int i = 0; i < vocabulary; i++) {
          if (random.nextInt(4) == 0) {
            allowed.set(i);
          }
        }
        allowed.set(random.nextInt(vocabulary));
        int[] left = allowed.stream().toArray();
        Sampler masked = new Sampler(options, new int[0], seed, vocabulary);
        Sampler small = new Sampler(options, new int[0], seed, left.length);
        for (int step = 0; step < 10; step++) {
          float[] logits = random(random, vocabulary);
          float[] few = new float[left.length];
          for (int i = 0; i < few.length; i++) {
            few[i] = logits[left[i]];
          }
          int id = masked.choose(logits, allowed.toLongArray());
          assertEquals(left[small.choose(few)], id, options + ", seed " + seed);
        }
      }
    }
  }

  @Test
  void aMaskOfAllTokensChangesNothing() {
    Random random = new Random(4);
    for (SamplingOptions options : manyOptions()) {
      Sampler masked = sampler(options, 130);
      Sampler free = sampler(options, 130);
      for (int step = 0; step < 50; step++) {
        float[] logits = random(random, 130);
        // Bits beyond the vocabulary mean nothing.
        assertEquals(free.choose(logits), masked.choose(logits, new long[] {-1, -1, -1, -1}));
      }
    }
  }

  @Test
  void maskedSharesAreThoseOfWhatIsLeft() {
    Sampler sampler = sampler(SamplingOptions.greedy().withTemperature(1).withSeed(8), 4);
    float[] logits = {log(0.4), log(0.3), log(0.2), log(0.1)};
    double[] shares = new double[4];
    for (int i = 0; i < DRAWS; i++) {
      shares[sampler.choose(logits, new long[] {0b1010})] += 1.0 / DRAWS;
    }
    assertEquals(0, shares[0]);
    assertEquals(0, shares[2]);
    near(0.75, shares[1]);
    near(0.25, shares[3]);
  }

  @Test
  void logitsThatAreNotFiniteGiveNoToken() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (SamplingOptions options : manyOptions()) {
        Sampler biased = sampler(options.withLogitBias(Map.of(1, 3.0, 2, -1e300)), 4);
        for (int at = 0; at < 4; at++) {
          float[] logits = {1, 2, 3, 4};
          logits[at] = bad;
          assertEquals(-1, sampler(options, 4).choose(logits));
          assertEquals(-1, sampler(options, 4).choose(logits, new long[] {0b0001}));
          assertEquals(-1, biased.choose(logits));
          assertEquals(-1, biased.choose(logits, new long[] {0b1000}));
        }
      }
    }
  }

  @Test
  void anEmptyMaskIsRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> sampler(SamplingOptions.greedy(), 4).choose(new float[4], new long[] {0}));
    assertTrue(String.valueOf(e.getMessage()).contains("allowed"), e::toString);
  }

  @Test
  void aBiasIsAddedBeforeEverything() {
    SamplingOptions greedy = SamplingOptions.greedy();
    assertEquals(
        2, sampler(greedy.withLogitBias(Map.of(2, 2.5)), 4).choose(new float[] {3, 2, 1, 0}));
    // -2 + 5 = 3 is positive, so that the penalty divides it; were it multiplied before, -2 * 2 + 5
    // = 1 would win against 0.9.
    SamplingOptions penalized = greedy.withRepetitionPenalty(4).withLogitBias(Map.of(1, 5.0));
    assertEquals(0, sampler(penalized, 4).choose(new float[] {0.9f, -2, -3, -3}));
    // Before top-k: of two tokens the biased one is one.
    double[] shares =
        shares(
            greedy.withTemperature(1).withTopK(2).withLogitBias(Map.of(1, Math.log(3))),
            log(0.5),
            log(0.2),
            log(0.3));
    near(0.5 / 1.1, shares[0]);
    near(0.6 / 1.1, shares[1]);
    near(0, shares[2]);
  }

  @Test
  void biasesOfAnySizeStayFinite() {
    SamplingOptions drawn = SamplingOptions.greedy().withTemperature(1).withSeed(1);
    for (double bias : new double[] {1e300, -1e300, 3.4e38, -3.4e38}) {
      for (SamplingOptions options : List.of(drawn, SamplingOptions.greedy())) {
        int id =
            sampler(options.withLogitBias(Map.of(1, bias)), 2).choose(new float[] {3e38f, 3e38f});
        assertEquals(bias > 0 ? 1 : 0, id, options + ", bias " + bias);
      }
    }
  }

  @Test
  void aBiasBeyondTheVocabularyIsRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> sampler(SamplingOptions.greedy().withLogitBias(Map.of(3, 1.0, 4, 1.0)), 4));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith("logit_bias: token 4: expected an id below 4"),
        e::toString);
  }

  /** Looking ahead, in any order and as far as one likes, changes no token. */
  @Test
  void randomNumbersThatWereNotUsedAreGivenBack() {
    SamplingOptions options = SamplingOptions.greedy().withTemperature(1).withSeed(11);
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      Sampler plain = sampler(options, 10);
      Sampler looking = sampler(options, 10);
      int drawn = 0;
      List<Long> expected = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        expected.add(plain.nextRandom());
      }
      while (drawn < 300) {
        int rows = 1 + random.nextInt(17);
        for (int look = 0; look < rows; look++) {
          int row = random.nextInt(rows);
          assertEquals(expected.get(drawn + row), looking.random(row), "seed " + seed);
        }
        int used = random.nextInt(rows + 1);
        looking.consumed(used);
        drawn += used;
        if (random.nextBoolean()) {
          assertEquals(expected.get(drawn++), looking.nextRandom(), "seed " + seed);
        }
      }
    }
    assertEquals(0, sampler(SamplingOptions.greedy(), 4).random(7));
  }
}
