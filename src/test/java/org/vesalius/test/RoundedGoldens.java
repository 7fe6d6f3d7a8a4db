package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.EncodedPrompt;

/**
 * Golden cases on a backend that declares to round. Activations and logits, with the golden tokens
 * fed back, are transformers' within the bound of the others and twice as much as random errors of
 * that size moved them; the token is the golden one wherever its margin is more than that can move
 * two logits. The model's own answer agrees as long as tokens were decided so.
 */
final class RoundedGoldens {
  /** Draws of errors, of which the largest effect is the yardstick. */
  private static final int DRAWS = 3;

  /**
   * So many where those don't explain a difference: an expert that is chosen by a hair is another
   * one in few of them.
   */
  private static final int MOST_DRAWS = 24;

  private static final long SEED = 4711;

  private final double relativeBound;
  private final AtomicInteger tokens = new AtomicInteger();
  private final AtomicInteger decided = new AtomicInteger();

  /**
   * None yet.
   *
   * @param relativeBound what exact backends may differ by, in the largest number of a tensor
   */
  RoundedGoldens(double relativeBound) {
    this.relativeBound = relativeBound;
  }

  /** Checks one case. */
  void check(
      String backend,
      Path folder,
      ChatModel model,
      GoldenCase golden,
      EncodedPrompt prompt,
      Checkpoint tensors) {
    List<Integer> expected = golden.newTokenIds();
    Capture capture = new Capture();
    List<Integer> answer = answer(model, golden, prompt, capture);
    if (!answer.equals(expected)) {
      RoundingNoise.Loaded run = new RoundingNoise.Loaded(model.engine(), model.parts());
      capture = GoldenActivations.forced(run, prompt, expected);
    }
    List<GoldenActivations> compared = GoldenActivations.of(golden, capture, tensors);
    Map<String, Double> noise = noise(backend, folder, golden, prompt, tensors, compared);
    double bound = 0;
    float[] logits = {};
    for (GoldenActivations stored : compared) {
      double allowed = allowed(stored, noise);
      double distance = stored.distance();
      assertTrue(
          distance <= allowed,
          stored.name() + ": differs by " + distance + ", allowed is " + allowed);
      if (stored.name().equals("logits_steps")) {
        bound = allowed;
        logits = stored.expected();
      }
    }
    boolean same = true;
    int width = logits.length / expected.size();
    for (int i = 0; i < expected.size(); i++) {
      tokens.incrementAndGet();
      if (Logits.margin(Arrays.copyOfRange(logits, i * width, (i + 1) * width)) > 2 * bound) {
        decided.incrementAndGet();
        int forced = Logits.best(capture.rows("logits").get(i));
        assertEquals(expected.get(i), forced, "token " + i + ", golden ones before it");
        if (same) {
          assertEquals(expected.get(i), answer.get(i), "token " + i);
        }
      }
      same = same && expected.get(i).equals(answer.get(i));
    }
  }

  private static List<Integer> answer(
      ChatModel model, GoldenCase golden, EncodedPrompt prompt, Capture capture) {
    return model
        .generator()
        .generate(
            golden.request().build(), prompt, System.nanoTime(), GenerationListener.NONE, capture)
        .tokenIds();
  }

  private double allowed(GoldenActivations stored, Map<String, Double> noise) {
    return relativeBound * stored.largest() + 2 * noise.getOrDefault(stored.name(), 0.0);
  }

  /** How far errors of the size of rounding move each stored tensor. */
  private Map<String, Double> noise(
      String backend,
      Path folder,
      GoldenCase golden,
      EncodedPrompt prompt,
      Checkpoint tensors,
      List<GoldenActivations> found) {
    Map<String, Double> noise = new HashMap<>();
    String exact = RoundingNoise.exactBackend();
    try (Kernels rounding = Backends.open(backend, new KernelOptions(1))) {
      for (int draw = 0; draw < MOST_DRAWS; draw++) {
        if (draw >= DRAWS
            && found.stream().allMatch(stored -> stored.distance() <= allowed(stored, noise))) {
          break;
        }
        RoundingNoise.Noise errors = RoundingNoise.like(rounding, SEED + draw);
        RoundingNoise.run(
                folder,
                exact,
                WeightFormat.AS_STORED,
                errors,
                run ->
                    GoldenActivations.of(
                        golden,
                        GoldenActivations.forced(run, prompt, golden.newTokenIds()),
                        tensors))
            .forEach(stored -> noise.merge(stored.name(), stored.distance(), Math::max));
        if (!errors.any()) {
          break;
        }
      }
    }
    return noise;
  }

  /** Without this a bound that is as large as everything could pass. */
  void requireDecided() {
    System.out.println("tokens of rounded goldens that were decided: " + decided + " of " + tokens);
    assertTrue(2 * decided.get() >= tokens.get(), decided + " of " + tokens);
  }
}
