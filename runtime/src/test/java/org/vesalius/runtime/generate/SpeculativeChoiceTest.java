package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.TokenSampler;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.SamplingOptions;

/** Guessing ahead changes no token: guesses, random numbers, masks and penalties work together. */
class SpeculativeChoiceTest {
  private static final int VOCABULARY = 70;
  private static final int TOKENS = 400;

  /** A model that knows the last two tokens: peaked, so that its text comes back now and then. */
  private static float[] logits(int[] ids, int length) {
    Random random = new Random(31L * ids[length - 1] + ids[length - 2]);
    float[] logits = new float[VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) {
      logits[i] = (float) (4 * random.nextGaussian());
    }
    return logits;
  }

  /** A format that wants every fifth token to be one of few. */
  private static long @Nullable [] mask(boolean masked, int generated) {
    return masked && generated % 5 == 4 ? new long[] {0x00f0_0f00_f00f_00f0L, 0b10110} : null;
  }

  private static int[] prompt(int seed) {
    return new Random(seed).ints(40, 0, VOCABULARY).toArray();
  }

  private static int[] plain(SamplingOptions options, int seed, boolean masked) {
    int[] prompt = prompt(seed);
    Sampler sampler = new Sampler(options, prompt, seed, VOCABULARY);
    int[] ids = Arrays.copyOf(prompt, prompt.length + TOKENS);
    for (int i = 0; i < TOKENS; i++) {
      int length = prompt.length + i;
      ids[length] = sampler.choose(logits(ids, length), mask(masked, i));
    }
    return ids;
  }

  private static List<SamplingOptions> manyOptions() {
    SamplingOptions drawn = SamplingOptions.greedy().withTemperature(0.6).withSeed(21);
    return List.of(
        SamplingOptions.greedy(),
        SamplingOptions.greedy().withFrequencyPenalty(0.05),
        drawn,
        drawn.withTopK(8).withTopP(0.9).withMinP(0.02),
        drawn.withRepetitionPenalty(1.05).withPresencePenalty(0.1),
        drawn.withLogitBias(Map.of(3, 5.0, 9, -100.0)));
  }

  /** Rows are drawn on the host, one after the other, until one is not what was guessed. */
  @Test
  void onTheHost() {
    DraftAcceptance all = DraftAcceptance.NONE;
    for (SamplingOptions options : manyOptions()) {
      for (boolean masked : new boolean[] {false, true}) {
        for (int seed = 0; seed < 8; seed++) {
          int[] expected = plain(options, seed, masked);
          int[] prompt = prompt(seed);
          Sampler sampler = new Sampler(options, prompt, seed, VOCABULARY);
          PromptLookup lookup = new PromptLookup(prompt);
          int[] ids = Arrays.copyOf(prompt, expected.length);
          int length = prompt.length;
          while (length < ids.length) {
            int[] guess = lookup.propose(Math.min(8, ids.length - length - 1));
            // What a step computes: logits after the text and after each guessed token.
            int[] fed = Arrays.copyOf(ids, length + guess.length);
            System.arraycopy(guess, 0, fed, length, guess.length);
            int right = 0;
            for (int row = 0; row <= guess.length; row++) {
              int id = sampler.choose(logits(fed, length), mask(masked, length - prompt.length));
              ids[length++] = id;
              lookup.add(id);
              if (row == guess.length || id != guess[row]) {
                break;
              }
              right++;
            }
            if (guess.length > 0) {
              lookup.checked(guess.length, right);
            }
          }
          assertEquals(
              list(expected), list(ids), options + ", masked " + masked + ", seed " + seed);
          all =
              new DraftAcceptance(
                  all.checks() + lookup.acceptance().checks(),
                  all.proposed() + lookup.acceptance().proposed(),
                  all.accepted() + lookup.acceptance().accepted());
        }
      }
    }
    assertTrue(all.checks() > 500 && all.rate() > 0.2 && all.rate() < 0.999, all.toString());
  }

  /** All rows are drawn in the step, each with its own random number. */
  @Test
  void whereStepsCompute() {
    int accepted = 0;
    for (SamplingOptions options : manyOptions()) {
      Sampler probe = new Sampler(options, new int[0], 0, VOCABULARY);
      if (probe.rule().hasPenalties() || probe.hasBias()) {
        continue;
      }
      for (int seed = 0; seed < 8; seed++) {
        int[] expected = plain(options, seed, false);
        int[] prompt = prompt(seed);
        Sampler sampler = new Sampler(options, prompt, seed, VOCABULARY);
        PromptLookup lookup = new PromptLookup(prompt);
        TokenSampler device = new TokenSampler();
        int[] ids = Arrays.copyOf(prompt, expected.length);
        int length = prompt.length;
        while (length < ids.length) {
          int[] guess = lookup.propose(Math.min(8, ids.length - length - 1));
          int[] fed = Arrays.copyOf(ids, length + guess.length);
          System.arraycopy(guess, 0, fed, length, guess.length);
          int[] drawn = new int[guess.length + 1];
          for (int row = 0; row < drawn.length; row++) {
            drawn[row] =
                device.sample(
                    logits(fed, length + row), new int[0], sampler.rule(), sampler.random(row));
          }
          int right = 0;
          while (right < guess.length && drawn[right] == guess[right]) {
            right++;
          }
          for (int row = 0; row <= right; row++) {
            ids[length++] = drawn[row];
            lookup.add(drawn[row]);
          }
          sampler.consumed(right + 1);
          if (guess.length > 0) {
            lookup.checked(guess.length, right);
          }
        }
        assertEquals(list(expected), list(ids), options + ", seed " + seed);
        accepted += lookup.acceptance().accepted();
      }
    }
    assertTrue(accepted > 500, accepted + " guesses were right");
  }

  private static List<Integer> list(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }
}
