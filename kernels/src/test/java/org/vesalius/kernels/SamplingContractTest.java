package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;

/** Every backend draws the tokens of the definition, exactly. */
class SamplingContractTest {
  private static final SamplingRule SOFTMAX = new SamplingRule(1, 0, 1, 0, 1, 0, 0);

  /** A row: how it is drawn, its row of the history, and the random number. */
  private record Draw(SamplingRule rule, int historyRow, long random) {}

  /** The tokens, one of which is beyond the rows and must survive, and the history afterwards. */
  @SuppressWarnings("ArrayRecordComponent") // a bundle of results; never compared
  private record Drawn(int[] tokens, int[] history) {}

  private static final int CANARY = 77;

  private static Drawn sample(
      Kernels kernels, int width, float[] logits, List<Draw> draws, int[] history) {
    int rows = draws.size();
    Tensor out = kernels.allocate(ElementType.I32, 1, rows + 1);
    int[] tokens = new int[rows + 1];
    Arrays.fill(tokens, CANARY);
    kernels.write(out, tokens);
    int requests = history.length == 0 ? 0 : history.length / width;
    Tensor kept =
        requests == 0
            ? kernels.allocate(ElementType.I32, 0, width)
            : kernels.allocate(ElementType.I32, requests, width + 3).columns(2, width);
    kernels.write(kept, history);
    Tensor parameters =
        kernels.allocate(ElementType.I32, Sampling.PARAMETERS, rows + 2).columns(1, rows);
    kernels.write(parameters, parameters(draws));
    kernels.sample(
        out.columns(0, rows),
        Framed.of(kernels, rows, width, logits).view(),
        new Sampling(parameters, kept));
    kernels.read(tokens, out);
    int[] after = new int[history.length];
    kernels.read(after, kept);
    return new Drawn(tokens, after);
  }

  private static int[] parameters(List<Draw> draws) {
    int[] values = new int[Sampling.PARAMETERS * draws.size()];
    for (int r = 0; r < draws.size(); r++) {
      Draw draw = draws.get(r);
      Sampling.put(values, draws.size(), r, draw.rule(), draw.historyRow(), draw.random());
    }
    return values;
  }

  private static void compare(
      Kernels reference,
      Kernels tested,
      String what,
      int width,
      float[] logits,
      List<Draw> draws,
      int[] history) {
    Drawn expected = sample(reference, width, logits, draws, history);
    Drawn found = sample(tested, width, logits, draws, history);
    for (int r = 0; r < draws.size(); r++) {
      assertEquals(
          expected.tokens()[r], found.tokens()[r], what + ", row " + r + ": " + draws.get(r));
    }
    assertEquals(CANARY, found.tokens()[draws.size()], what + ": written outside");
    assertArrayEquals(expected.history(), found.history(), what + ": history");
  }

  /** Rows of logits of every kind, one after the other. */
  private static float[] logits(Samples samples, int rows, int width) {
    float[] all = new float[rows * width];
    for (int r = 0; r < rows; r++) {
      float[] row =
          switch (r % 7) {
            // As a model has them; many ties; all equal; nearly flat; one far above; all numbers.
            case 0, 1 -> samples.normal(width, 4);
            case 2 -> whole(samples.normal(width, 3));
            case 3 -> new float[width];
            case 4 -> samples.normal(width, 0.01);
            case 5 -> samples.normal(width, 1);
            default -> samples.extreme(width, Float.MAX_VALUE);
          };
      if (r % 7 == 5) {
        row[samples.below(width)] += 50;
      }
      System.arraycopy(row, 0, all, r * width, width);
    }
    return all;
  }

  private static float[] whole(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.round(values[i]);
    }
    return values;
  }

  private static <T> T any(Samples samples, List<T> choices) {
    return choices.get(samples.below(choices.size()));
  }

  private static SamplingRule rule(Samples samples, int width) {
    boolean penalties = samples.below(2) == 0;
    return new SamplingRule(
        any(samples, List.of(1f, 0.7f, 0f, 2.5f, 0.1f, 1e-3f, Float.MIN_VALUE, 1e6f, 3e38f)),
        any(samples, List.of(0, 0, 1, 2, 20, width, width - 1, width / 2, Integer.MAX_VALUE)),
        any(samples, List.of(1f, 0.9f, 0.5f, 0.999f, 0f, 1e-6f, Math.nextDown(1f))),
        any(samples, List.of(0f, 0f, 0.05f, 0.5f, 1f, 1e-9f, 1e-13f)),
        penalties ? any(samples, List.of(1f, 1.1f, 0.5f, 1e30f, 1e-30f)) : 1,
        penalties ? any(samples, List.of(0f, 0.4f, -2f, Float.MAX_VALUE)) : 0,
        penalties ? any(samples, List.of(0f, 0.3f, -0.1f, -Float.MAX_VALUE, 1e38f)) : 0);
  }

  private static long random(Samples samples) {
    return switch (samples.below(8)) {
      case 0 -> 0;
      case 1 -> -1;
      default -> (long) samples.below(1 << 30) << 34 ^ (long) samples.below(1 << 30) << 8;
    };
  }

  private static int[] history(Samples samples, int length) {
    int[] history = new int[length];
    for (int i = 0; i < length; i += 1 + samples.below(5)) {
      history[i] = samples.below(9);
    }
    return history;
  }

  /** Options of all kinds, with logits of all kinds, beside each other in one batch. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void drawsTheTokensOfTheDefinition(String backend) {
    Samples samples = new Samples(31);
    int[] widths = {1, 2, 3, 31, 32, 33, 257, 1024, 1025, 5003};
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (int width : widths) {
        for (int times = 0; times < 6; times++) {
          int rows = 14;
          int[] history = history(samples, rows * width);
          List<Draw> draws = new ArrayList<>();
          for (int r = 0; r < rows; r++) {
            // In another order than the rows.
            int historyRow = samples.below(4) == 0 ? -1 : rows - 1 - r;
            draws.add(new Draw(rule(samples, Math.max(2, width)), historyRow, random(samples)));
          }
          float[] logits = logits(samples, rows, width);
          String what = backend + " sample " + width + " time " + times;
          compare(reference, tested, what, width, logits, draws, history);
        }
      }
    }
  }

  /** Of Qwen2.5's vocabulary: as its makers recommend, and lists of nearly everything. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void drawsFromALargeVocabulary(String backend) {
    int width = 151_936;
    Samples samples = new Samples(32);
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      List<Draw> draws =
          List.of(
              new Draw(new SamplingRule(0.7f, 20, 0.8f, 0, 1.05f, 0, 0), 0, random(samples)),
              new Draw(new SamplingRule(1, 0, 0.95f, 0, 1, 0, 0), -1, random(samples)),
              new Draw(new SamplingRule(1, 0, 1, 0.05f, 1, 0.5f, 0.5f), 1, random(samples)),
              new Draw(new SamplingRule(1.5f, 50_000, 0.9f, 0, 1, 0, 0), -1, random(samples)),
              new Draw(new SamplingRule(1, 0, 0.9999f, 0, 1, 0, 0), -1, random(samples)),
              new Draw(new SamplingRule(0, 0, 1, 0, 1.2f, 1, 1), 2, 0),
              new Draw(SOFTMAX, -1, random(samples)));
      compare(
          reference,
          tested,
          backend + " sample " + width,
          width,
          logits(samples, draws.size(), width),
          draws,
          history(samples, 3 * width));
    }
  }

  /** Every place of ties that a list can end at, and tokens drawn from all of it. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void listsThatEndAmongEqualTokens(String backend) {
    int width = 70;
    float[] row = new float[width];
    for (int c = 0; c < width; c++) {
      row[c] = c % 3 == 0 ? 2 : c % 3 == 1 ? 1 : -0f;
    }
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (boolean byCount : new boolean[] {true, false}) {
        List<Draw> draws = new ArrayList<>();
        float[] logits = new float[width * width];
        for (int r = 0; r < width; r++) {
          float share = byCount ? 1 : (r + 1f) / width;
          // The last of the list: its numbers are all above nine tenths.
          draws.add(
              new Draw(
                  new SamplingRule(1, byCount ? r + 1 : 0, share, 0, 1, 0, 0),
                  -1,
                  -1 - ((long) r << 50)));
          System.arraycopy(row, 0, logits, r * width, width);
        }
        compare(reference, tested, backend + " ties " + byCount, width, logits, draws, new int[0]);
      }
    }
  }

  /** What is not finite, and parameters out of their ranges; beside rows that are fine. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void noTokenWhereSomethingIsWrong(String backend) {
    int width = 40;
    float inf = Float.POSITIVE_INFINITY;
    float nan = Float.NaN;
    List<SamplingRule> rules = new ArrayList<>();
    for (float wrong : new float[] {-1, inf, nan}) {
      rules.add(new SamplingRule(wrong, 0, 1, 0, 1, 0, 0));
      rules.add(new SamplingRule(1, 0, wrong, 0, 1, 0, 0));
      rules.add(new SamplingRule(1, 0, 1, wrong, 1, 0, 0));
      rules.add(new SamplingRule(0, 0, 1, 0, wrong, 0, 0));
    }
    for (float wrong : new float[] {inf, -inf, nan}) {
      rules.add(new SamplingRule(1, 0, 1, 0, 1, wrong, 0));
      rules.add(new SamplingRule(1, 0, 1, 0, 1, 0, wrong));
    }
    rules.add(new SamplingRule(1, -1, 1, 0, 1, 0, 0));
    rules.add(new SamplingRule(1, 0, Math.nextUp(1f), 0, 1, 0, 0));
    rules.add(new SamplingRule(1, 0, 1, Math.nextUp(1f), 1, 0, 0));
    rules.add(new SamplingRule(1, 0, 1, 0, 0, 0, 0));
    int wrongRules = rules.size();
    // Then three wrong logits, with temperature and without, and one row with nothing wrong.
    for (int i = 0; i < 7; i++) {
      rules.add(i < 3 ? SamplingRule.greedy() : SOFTMAX);
    }
    float[] logits = new Samples(33).normal(rules.size() * width, 1);
    float[] wrongLogits = {nan, inf, -inf, nan, inf, -inf};
    for (int i = 0; i < wrongLogits.length; i++) {
      logits[(wrongRules + i) * width + 5 * i] = wrongLogits[i];
    }
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      List<Draw> draws = new ArrayList<>();
      for (int r = 0; r < rules.size(); r++) {
        draws.add(new Draw(rules.get(r), r, -1));
      }
      Drawn drawn = sample(kernels, width, logits, draws, new int[rules.size() * width]);
      int last = rules.size() - 1;
      for (int r = 0; r < last; r++) {
        assertEquals(-1, drawn.tokens()[r], backend + ": " + rules.get(r));
      }
      int token = drawn.tokens()[last];
      assertTrue(token >= 0 && token < width, backend + ": " + token);
      int[] history = new int[rules.size() * width];
      history[last * width + token] = Sampling.OCCURRENCE;
      assertArrayEquals(history, drawn.history(), backend + ": history");
      Drawn none = sample(kernels, 0, new float[0], List.of(new Draw(SOFTMAX, -1, 1)), new int[0]);
      assertEquals(-1, none.tokens()[0], backend + ": no logits");
    }
  }

  /**
   * Frequencies of the definition's tokens against exact probabilities, by their chi-square, whose
   * cube root is about normally distributed: within five deviations, with a fixed seed.
   */
  @Test
  void frequenciesAreProbabilities() {
    int width = 12;
    int rows = 2000;
    int batches = 10;
    float[] row = new Samples(34).normal(width, 1.5);
    Samples samples = new Samples(35);
    try (Kernels kernels = BackendsUnderTest.reference()) {
      for (float temperature : new float[] {1, 0.5f, 3}) {
        float[] logits = new float[rows * width];
        int[] drawn = new int[width];
        for (int r = 0; r < rows; r++) {
          System.arraycopy(row, 0, logits, r * width, width);
        }
        for (int b = 0; b < batches; b++) {
          List<Draw> draws = new ArrayList<>();
          for (int r = 0; r < rows; r++) {
            long random = (long) samples.below(Integer.MAX_VALUE) << 33 | samples.below(1 << 30);
            draws.add(new Draw(new SamplingRule(temperature, 0, 1, 0, 1, 0, 0), -1, random));
          }
          int[] tokens = sample(kernels, width, logits, draws, new int[0]).tokens();
          for (int r = 0; r < rows; r++) {
            drawn[tokens[r]]++;
          }
        }
        double total = 0;
        for (float logit : row) {
          total += Math.exp(logit / (double) temperature);
        }
        double square = 0;
        for (int c = 0; c < width; c++) {
          double expected = rows * batches * Math.exp(row[c] / (double) temperature) / total;
          square += (drawn[c] - expected) * (drawn[c] - expected) / expected;
        }
        // Wilson and Hilferty 1931.
        double spread = 2.0 / (9 * (width - 1));
        double deviations = (Math.cbrt(square / (width - 1)) - (1 - spread)) / Math.sqrt(spread);
        assertTrue(
            Math.abs(deviations) < 5,
            "temperature " + temperature + ": " + deviations + " deviations");
      }
    }
  }

  /** A recorded operation draws by what its tensors hold when it is run, and keeps the history. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void recorded(String backend) {
    int width = 3;
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      Tensor out = kernels.allocate(ElementType.I32, 1, 1);
      Tensor logits = kernels.allocate(ElementType.F32, 1, width);
      Tensor history = kernels.allocate(ElementType.I32, 2, width);
      Tensor parameters = kernels.allocate(ElementType.I32, Sampling.PARAMETERS, 1);
      kernels.write(logits, new float[] {3, 2, 2.5f});
      List<Integer> tokens = new ArrayList<>();
      try (Recording recording =
          kernels.record(() -> kernels.sample(out, logits, new Sampling(parameters, history)))) {
        SamplingRule frequency = new SamplingRule(0, 0, 1, 0, 1, 0, 0.4f);
        for (int i = 0; i < 8; i++) {
          // Two requests in turns; one has twice the penalty.
          SamplingRule rule = i % 2 == 0 ? frequency : new SamplingRule(0, 0, 1, 0, 1, 0, 0.8f);
          kernels.write(parameters, parameters(List.of(new Draw(rule, i % 2, 0))));
          recording.run();
          int[] token = new int[1];
          kernels.read(token, out);
          tokens.add(token[0]);
        }
        // 3, 2.6, 2.2 and 3, 2.2 before the others; then without penalties.
        assertEquals(List.of(0, 0, 0, 2, 2, 0, 0, 1), tokens, backend);
        kernels.write(parameters, parameters(List.of(new Draw(SOFTMAX, -1, -1))));
        recording.run();
        int[] token = new int[1];
        kernels.read(token, out);
        assertEquals(2, token[0], backend);
        int[] after = new int[2 * width];
        kernels.read(after, history);
        assertArrayEquals(new int[] {6, 0, 2, 4, 2, 2}, after, backend);
      }
    }
  }

  private static void refused(Executable call) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("sample: expected"), message);
    assertTrue(message.contains(", found "), message);
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void shapes(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 1)) {
      Tensor logits = kernels.allocate(ElementType.F32, 3, 8);
      Tensor out = kernels.allocate(ElementType.I32, 1, 3);
      Tensor parameters = kernels.allocate(ElementType.I32, Sampling.PARAMETERS, 3);
      Tensor history = kernels.allocate(ElementType.I32, 2, 8);
      Sampling right = new Sampling(parameters, history);
      kernels.sample(out, logits, right);
      Tensor integers = kernels.allocate(ElementType.I32, 3, 8);
      Tensor floats = kernels.allocate(ElementType.F32, Sampling.PARAMETERS, 3);
      refused(() -> kernels.sample(out, integers, right));
      refused(() -> kernels.sample(out.columns(0, 2), logits, right));
      refused(() -> kernels.sample(integers.columns(0, 3), logits, right));
      refused(() -> kernels.sample(floats.rows(0, 1), logits, right));
      for (Tensor wrong :
          List.of(floats, parameters.rows(0, 9), parameters.columns(0, 2), integers)) {
        refused(() -> kernels.sample(out, logits, new Sampling(wrong, history)));
      }
      for (Tensor wrong : List.of(logits, history.columns(0, 7), parameters)) {
        refused(() -> kernels.sample(out, logits, new Sampling(parameters, wrong)));
      }
      int tooMany = (1 << 22) + 1;
      Tensor wide = kernels.allocate(ElementType.F32, 1, tooMany);
      Tensor none = kernels.allocate(ElementType.I32, 0, tooMany);
      refused(() ->
          kernels.sample(out.columns(0, 1), wide, new Sampling(parameters.columns(0, 1), none)));
    }
  }

  /** A row of the history that is not there; an asynchronous backend says so at the next read. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void rowsOfTheHistory(String backend) {
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      Tensor logits = kernels.allocate(ElementType.F32, 2, 8);
      Tensor out = kernels.allocate(ElementType.I32, 1, 2);
      Tensor history = kernels.allocate(ElementType.I32, 2, 8);
      for (int wrong : new int[] {-2, 2, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        kernels.write(out, new int[] {CANARY, CANARY});
        List<Draw> draws = List.of(new Draw(SOFTMAX, 0, 0), new Draw(SOFTMAX, wrong, 0));
        Tensor parameters = kernels.allocate(ElementType.I32, Sampling.PARAMETERS, 2);
        kernels.write(parameters, parameters(draws));
        IndexOutOfBoundsException e =
            assertThrows(
                IndexOutOfBoundsException.class,
                () -> {
                  kernels.sample(out, logits, new Sampling(parameters, history));
                  kernels.read(new int[2], out);
                });
        assertEquals(
            "sample: expected rows of the history from -1 to below 2, found " + wrong + " at 1",
            e.getMessage(),
            backend);
        int[] tokens = new int[2];
        kernels.read(tokens, out);
        assertEquals(kernels.isAsynchronous() ? -1 : CANARY, tokens[1], backend);
      }
    }
  }
}
