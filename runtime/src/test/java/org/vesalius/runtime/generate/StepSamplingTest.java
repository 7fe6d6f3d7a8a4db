package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.SamplingOptions;

/** Tokens that are drawn where steps compute, for many requests in turns. */
class StepSamplingTest {
  private static final int VOCABULARY = 301;
  private static final int[] PROMPT = {3, 3, 200, 7};

  private static final List<SamplingOptions> OPTIONS =
      List.of(
          SamplingOptions.greedy().withTemperature(1),
          SamplingOptions.greedy().withTemperature(0.7).withTopK(20).withTopP(0.8),
          SamplingOptions.greedy().withTemperature(1.3).withMinP(0.05).withPresencePenalty(0.5),
          SamplingOptions.greedy().withRepetitionPenalty(1.3),
          SamplingOptions.greedy().withFrequencyPenalty(0.8),
          SamplingOptions.greedy().withTemperature(2).withTopP(0.95).withRepetitionPenalty(1.1),
          SamplingOptions.greedy().withTemperature(1).withFrequencyPenalty(-0.2));

  private static float[] logits(SplittableRandom random) {
    float[] logits = new float[VOCABULARY];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (2 * random.nextGaussian());
    }
    return logits;
  }

  private static int largest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  /** A request, and what would choose its tokens on the host. */
  private record Request(Sampler host, StepResult.Draw draw) {
    static Request of(StepSampling steps, SamplingOptions options, long seed) {
      return new Request(
          new Sampler(options, PROMPT, seed, VOCABULARY),
          new StepResult.Draw(new Sampler(options, PROMPT, seed, VOCABULARY), steps.newRow()));
    }

    boolean penalized() {
      return host.rule().hasPenalties();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void drawsWhatTheHostDraws(String backend) {
    SplittableRandom random = new SplittableRandom(5);
    try (Kernels kernels = Backends.open(backend, new KernelOptions(1))) {
      StepSampling steps = new StepSampling(kernels, VOCABULARY, 5);
      Tensor x = kernels.allocate(ElementType.F32, 5, VOCABULARY);
      Tensor token = kernels.allocate(ElementType.I32, 1, 5);
      List<Request> running = new ArrayList<>();
      int rows = 0;
      int moves = 0;
      for (int i = 0; i < 600; i++) {
        // More and more at once, with their rows taken from others that have ended.
        if (running.isEmpty() || random.nextInt(10) == 0) {
          running.add(Request.of(steps, OPTIONS.get(random.nextInt(OPTIONS.size())), i));
        }
        if (running.size() > 2 && random.nextInt(15) == 0) {
          Request ended = running.remove(random.nextInt(running.size()));
          ended.draw().row().close();
          ended.draw().row().close();
        }
        // A few of them in one step, and one row that takes the likeliest.
        List<Request> step = new ArrayList<>(running);
        Collections.shuffle(step, new Random(i));
        step = step.subList(0, Math.min(step.size(), 1 + random.nextInt(4)));
        List<StepResult.@Nullable Draw> draws = new ArrayList<>();
        int[] expected = new int[step.size() + 1];
        float[] all = new float[(step.size() + 1) * VOCABULARY];
        for (int r = 0; r <= step.size(); r++) {
          float[] logits = logits(random);
          float[] before = logits.clone();
          System.arraycopy(logits, 0, all, r * VOCABULARY, VOCABULARY);
          draws.add(r < step.size() ? step.get(r).draw() : null);
          expected[r] = r < step.size() ? step.get(r).host().choose(logits) : largest(logits);
          assertArrayEquals(before, logits, "logits are left as they are");
        }
        Tensor rowsOfStep = x.firstRows(expected.length);
        Tensor drawnTokens = token.columns(0, expected.length);
        kernels.write(rowsOfStep, all);
        moves += steps.prepare(draws) ? 1 : 0;
        steps.sample(drawnTokens, rowsOfStep);
        int[] drawn = new int[expected.length];
        kernels.read(drawn, drawnTokens);
        for (int r = 0; r < step.size(); r++) {
          step.get(r).draw().sampler().consumed(1);
          step.get(r).draw().sampler().add(drawn[r]);
        }
        assertArrayEquals(expected, drawn, backend + ", step " + i);
        rows = Math.max(rows, (int) running.stream().filter(Request::penalized).count());
      }
      assertTrue(rows > 4, "at most " + rows + " rows of the history were used at once");
      assertTrue(moves >= 2, "rows were added " + moves + " times");
    }
  }

  /** Without penalties nothing is allocated, and no recorded step is lost. */
  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void aHistoryIsForPenaltiesOnly(String backend) {
    try (Kernels kernels = Backends.open(backend, new KernelOptions(1))) {
      StepSampling steps = new StepSampling(kernels, VOCABULARY, 1);
      for (int i = 0; i < 9; i++) {
        assertFalse(steps.prepare(List.of(Request.of(steps, OPTIONS.getFirst(), i).draw())));
      }
      for (int i = 0; i < 9; i++) {
        boolean more = i == 0 || i == 4 || i == 8;
        StepResult.Draw draw = Request.of(steps, OPTIONS.getLast(), i).draw();
        assertEquals(more, steps.prepare(List.of(draw)), "" + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd"})
  void whatIsNotFiniteIsNoToken(String backend) {
    try (Kernels kernels = Backends.open(backend, new KernelOptions(1))) {
      StepSampling steps = new StepSampling(kernels, VOCABULARY, 1);
      Tensor x = kernels.allocate(ElementType.F32, 1, VOCABULARY);
      Tensor token = kernels.allocate(ElementType.I32, 1, 1);
      float[] logits = new float[VOCABULARY];
      logits[100] = Float.NEGATIVE_INFINITY;
      kernels.write(x, logits);
      for (SamplingOptions options : OPTIONS) {
        Request request = Request.of(steps, options, 1);
        assertEquals(-1, request.host().choose(logits));
        steps.prepare(List.of(request.draw()));
        steps.sample(token, x);
        int[] drawn = new int[1];
        kernels.read(drawn, token);
        assertEquals(-1, drawn[0]);
      }
    }
  }
}
