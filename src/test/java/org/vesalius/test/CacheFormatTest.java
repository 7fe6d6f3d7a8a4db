package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.Checkpoint;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;

/**
 * The golden cases with a cache that rounds. The weights of the fixtures are noise and so the
 * margins of their tokens are small; three things are shown, step by step, as long as the answer is
 * the golden one.
 *
 * <ul>
 *   <li>The definition ({@code reference}) with this cache differs from transformers by what
 *       rounding can explain: typically, in the median of the steps, by no more than the sum of the
 *       largest relative errors of the two roundings of every layer. Single steps may differ more,
 *       where another expert is chosen.
 *   <li>Every other backend's logits are those of the definition with the same cache, within the
 *       bound of the float32 goldens plus that typical difference: where the unrounded numbers are
 *       not the same to the last bit, a few of the stored ones are a step apart, while rounding
 *       moves all of them by up to half a step.
 *   <li>Every backend answers with the golden token wherever the margin of its logit before the
 *       next one is more than both of these can move the two.
 * </ul>
 */
@Execution(ExecutionMode.CONCURRENT)
class CacheFormatTest {
  private static final double RELATIVE_BOUND = 2e-4;

  /** Tokens of all backends but the definition. */
  private static final AtomicInteger EXPECTED = new AtomicInteger();

  private static final AtomicInteger DECIDED = new AtomicInteger();

  @TempDir static Path scratch;

  /** Without this a cache that loses everything could pass. */
  @AfterAll
  static void mostTokensWereDecided() {
    System.out.println("tokens that had to be the golden ones: " + DECIDED + " of " + EXPECTED);
    assertTrue(3 * DECIDED.get() >= 2 * EXPECTED.get(), DECIDED + " of " + EXPECTED);
  }

  /** What transformers computed at a step. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Step(float[] logits, int token) {

    double largest() {
      return Logits.largest(logits);
    }

    double margin() {
      return Logits.margin(logits);
    }
  }

  private record Run(List<Integer> tokens, List<float[]> logits) {}

  /** A case with the definition's run. */
  private record Case(GoldenCase golden, List<Step> steps, Run definition) {

    /** The steps before which the definition answers as transformers does. */
    int shared() {
      int t = 0;
      while (t < steps.size() - 1 && definition.tokens.get(t) == steps.get(t).token) {
        t++;
      }
      return t + 1;
    }

    double noise(int t) {
      return difference(definition.logits.get(t), steps.get(t).logits);
    }
  }

  @TestFactory
  Stream<DynamicTest> cases() {
    return Stream.of(CacheFormat.BF16, CacheFormat.INT8)
        .flatMap(format ->
            Fixtures.ownSubjects().stream()
                .map(subject ->
                    DynamicTest.dynamicTest(
                        format + " " + subject.name(), () -> check(format, subject))));
  }

  private static void check(CacheFormat format, GoldenSubject subject) throws IOException {
    List<Case> cases = new ArrayList<>();
    try (ChatModel model = open("reference", format, subject)) {
      for (GoldenCase golden : subject.read()) {
        cases.add(new Case(golden, steps(golden), run(model, golden)));
      }
      double explained = 2 * model.config().layers() * largestError(format);
      double typical = typicalNoise(cases);
      assertTrue(
          typical <= explained,
          "typical difference " + typical + " of the largest logit, allowed is " + explained);
    }
    for (String backend : Fixtures.backends()) {
      if (!backend.equals("reference") && Fixtures.works(backend)) {
        try (ChatModel model = open(backend, format, subject)) {
          for (Case one : cases) {
            compare(backend, one, run(model, one.golden), typicalNoise(cases));
          }
        }
      }
    }
  }

  /** Of a number that is as large as the largest of its row. */
  private static double largestError(CacheFormat format) {
    return switch (format) {
      case F32 -> 0;
      case BF16 -> 0x1p-8 / 2;
      case INT8 -> 1 / 127.0 / 2;
    };
  }

  /** Median of the definition's differences from transformers, relative to the largest logit. */
  private static double typicalNoise(List<Case> cases) {
    List<Double> all = new ArrayList<>();
    for (Case one : cases) {
      for (int t = 0; t < one.shared(); t++) {
        all.add(one.noise(t) / one.steps.get(t).largest());
      }
    }
    all.sort(null);
    return all.get(all.size() / 2);
  }

  private static void compare(String backend, Case one, Run run, double typical) {
    EXPECTED.addAndGet(one.steps.size());
    for (int t = 0; t < one.shared(); t++) {
      Step step = one.steps.get(t);
      String what = backend + " " + one.golden + " step " + t;
      double apart = difference(run.logits.get(t), one.definition.logits.get(t));
      double bound = (RELATIVE_BOUND + typical) * step.largest();
      assertTrue(
          apart <= bound,
          what + ": logits differ by " + apart + " from the definition's, " + bound);
      if (step.margin() > 2 * (one.noise(t) + bound)) {
        assertEquals(step.token, run.tokens.get(t), what + ": token");
        DECIDED.incrementAndGet();
      } else if (run.tokens.get(t) != step.token) {
        return;
      }
    }
  }

  private static double difference(float[] a, float[] b) {
    assertEquals(a.length, b.length);
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      assertTrue(!Double.isNaN(difference), "not a number at " + i);
      worst = Math.max(worst, difference);
    }
    return worst;
  }

  private static List<Step> steps(GoldenCase golden) throws IOException {
    try (Checkpoint tensors = golden.tensors()) {
      float[] all = GoldenCase.floats(tensors.tensor("logits_steps"));
      List<Integer> tokens = golden.newTokenIds();
      int width = all.length / tokens.size();
      List<Step> steps = new ArrayList<>();
      for (int t = 0; t < tokens.size(); t++) {
        steps.add(new Step(Arrays.copyOfRange(all, t * width, (t + 1) * width), tokens.get(t)));
      }
      return steps;
    }
  }

  private static ChatModel open(String backend, CacheFormat format, GoldenSubject subject) {
    return ChatModel.open(subject.open(scratch), Fixtures.options(backend, format));
  }

  private static Run run(ChatModel model, GoldenCase golden) {
    Capture capture = new Capture();
    Generation generation =
        model.generator().generate(golden.request().build(), GenerationListener.NONE, capture);
    return new Run(generation.tokenIds(), capture.rows("logits"));
  }
}
