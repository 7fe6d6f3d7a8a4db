package org.vesalius.kernels;

import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every backend's {@link Kernels#attention} against the definition. */
class AttentionContractTest {

  private static void check(
      String backend, AttentionCase attention, BiFunction<AttentionCase, Kernels, float[]> run) {
    AttentionShape shape = attention.shape;
    int row = shape.heads() * shape.headSize();
    int keys = Arrays.stream(attention.lengths).max().orElseThrow();
    check(
        backend,
        attention,
        run,
        keys,
        rounded -> {
          double[] scores = new double[rows(attention) * shape.heads()];
          for (int i = 0; i < scores.length; i++) {
            scores[i] = rounded.largestScore(i / shape.heads(), i % shape.heads());
          }
          return i -> scores[i / row * shape.heads() + i % row / shape.headSize()];
        });
  }

  /** For some of the tokens as queries, with the largest score of all for each. */
  private static void checkSome(
      String backend,
      AttentionCase attention,
      BiFunction<AttentionCase, Kernels, float[]> run,
      int keys) {
    check(
        backend,
        attention,
        run,
        keys,
        rounded -> {
          double scores = 0;
          for (int row = 0; row < rows(attention); row++) {
            for (int head = 0; head < attention.shape.heads(); head++) {
              scores = Math.max(scores, rounded.largestScore(row, head));
            }
          }
          double largest = scores;
          return i -> largest;
        });
  }

  private static int rows(AttentionCase attention) {
    return Arrays.stream(attention.lengths).sum();
  }

  /** With what the tested backend says that it rounds, the definition gets rounded numbers. */
  private static void check(
      String backend,
      AttentionCase attention,
      BiFunction<AttentionCase, Kernels, float[]> run,
      int keys,
      Function<AttentionCase, IntToDoubleFunction> largestScores) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      float[] actual = run.apply(attention, tested);
      ActivationRounding rounding = attention.rounding(tested);
      AttentionCase rounded = attention.rounded(tested);
      float[] magnitudes = run.apply(rounded.magnitudes(), reference);
      IntToDoubleFunction scores = largestScores.apply(rounded);
      Matrices.assertClose(
          backend + " attention " + attention,
          run.apply(rounded, reference),
          actual,
          i ->
              Tolerance.attention(
                  rounding,
                  attention.shape.headSize(),
                  keys,
                  scores.applyAsDouble(i),
                  magnitudes[i]));
    }
  }

  private static AttentionShape shape(
      int heads, int kvHeads, int headSize, boolean causal, int window) {
    float scale = (float) (1 / Math.sqrt(headSize));
    return new AttentionShape(heads, kvHeads, headSize, scale, causal, window);
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyHeadSize(String backend) {
    Samples samples = new Samples(21);
    for (int size : new int[] {1, 8, 10, 12, 14, 16, 32, 36, 64, 72, 80, 128, 256}) {
      check(
          backend,
          new AttentionCase(samples, shape(2, 2, size, true, 0), 1, 5, 70),
          AttentionCase::ragged);
      for (CacheFormat format : CacheFormat.values()) {
        check(
            backend,
            new AttentionCase(samples, shape(4, 2, size, true, 0), 1, 66, 3).in(format),
            (c, kernels) -> c.paged(kernels, 16));
      }
      check(
          backend,
          new AttentionCase(samples, AttentionShape.full(1, size), 1, 67, 4),
          AttentionCase::ragged);
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyGroupPageAndWindow(String backend) {
    Samples samples = new Samples(22);
    for (int group : new int[] {1, 2, 7}) {
      for (int pageSize : new int[] {1, 5, 16, 100}) {
        for (int window : new int[] {0, 1, 7, 90}) {
          int kvHeads = 1 + samples.below(2);
          AttentionShape shape = shape(group * kvHeads, kvHeads, 12, true, window);
          AttentionCase attention = new AttentionCase(samples, shape, 1, 6, 130);
          if (pageSize == 5) {
            check(backend, attention, AttentionCase::ragged);
          }
          for (CacheFormat format : CacheFormat.values()) {
            check(backend, attention.in(format), (c, kernels) -> c.paged(kernels, pageSize));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void queriesThatAttendBack(String backend) {
    Samples samples = new Samples(23);
    for (boolean causal : new boolean[] {true, false}) {
      for (int window : causal ? new int[] {0, 33} : new int[] {0}) {
        AttentionShape shape = shape(6, 2, 16, causal, window);
        AttentionCase attention =
            new AttentionCase(samples, shape, 1, 200, 65, 1, 64, 128)
                .in(window == 0 && causal ? CacheFormat.BF16 : CacheFormat.F32);
        // The magnitudes of the last tokens are those of the whole, row by row.
        int[] from = {199, 60, 0, 64, 100};
        int[] to = {200, 65, 1, 64, 128};
        checkSome(backend, attention, (c, kernels) -> c.paged(kernels, 16, from, to), 200);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void groupsThatSeeEachOther(String backend) {
    Samples samples = new Samples(26);
    // At the start, side by side, across pages and blocks of keys, of one token, at the end.
    int[][] groups = {{0, 9, 9, 12, 30, 95, 100, 101, 120, 150}, {}, {1, 7}, {0, 70}};
    int[] pageSizes = {1, 5, 16, 100};
    for (int group : new int[] {1, 2, 7}) {
      for (int window : new int[] {0, 1, 8, 40, 200}) {
        AttentionShape shape = shape(group, 1, 12, true, window);
        AttentionCase attention =
            new AttentionCase(samples, shape, 1, 150, 40, 7, 70).withGroups(groups);
        int pageSize = pageSizes[samples.below(pageSizes.length)];
        check(backend, attention, AttentionCase::ragged);
        for (CacheFormat format : CacheFormat.values()) {
          check(backend, attention.in(format), (c, kernels) -> c.paged(kernels, pageSize));
        }
      }
    }
  }

  /** A chunk that begins with a group, and one inside of it, after keys that were there before. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void chunksWithGroups(String backend) {
    Samples samples = new Samples(27);
    for (int window : new int[] {0, 16}) {
      AttentionShape shape = shape(4, 2, 16, true, window);
      AttentionCase attention =
          new AttentionCase(samples, shape, 1, 170, 90)
              .withGroups(new int[] {65, 160}, new int[] {20, 50, 60, 90});
      int[] from = {65, 41};
      int[] to = {170, 90};
      checkSome(backend, attention, (c, kernels) -> c.paged(kernels, 16, from, to), 170);
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void extremeScores(String backend) {
    Samples samples = new Samples(24);
    for (boolean causal : new boolean[] {true, false}) {
      // Scores of many thousands: nearly all weights vanish, and maxima move late.
      AttentionCase large = new AttentionCase(samples, shape(2, 1, 36, causal, 0), 60, 150, 9);
      check(backend, large, AttentionCase::ragged);
      check(backend, large.in(CacheFormat.BF16), (c, kernels) -> c.paged(kernels, 16));
      check(backend, large.in(CacheFormat.INT8), (c, kernels) -> c.paged(kernels, 16));
      AttentionCase rising = new AttentionCase(samples, shape(1, 1, 8, causal, 0), 1, 200);
      for (int j = 0; j < 200; j++) {
        Arrays.fill(rising.q[0], j * 8, j * 8 + 8, 3f);
        Arrays.fill(rising.k[0], j * 8, j * 8 + 8, (j % 7 == 0 ? j : -1e4f) * 0.4f);
      }
      check(backend, rising, AttentionCase::ragged);
      AttentionCase equal = new AttentionCase(samples, shape(2, 2, 10, causal, 0), 0, 300);
      check(backend, equal, AttentionCase::ragged);
      AttentionCase negative = new AttentionCase(samples, shape(2, 2, 16, causal, 0), 1, 90);
      for (float[] part : new float[][] {negative.q[0], negative.k[0]}) {
        for (int i = 0; i < part.length; i++) {
          part[i] = (part == negative.q[0] ? 1 : -1) * (100 + part[i] / 100);
        }
      }
      check(backend, negative, AttentionCase::ragged);
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void manyShortSequencesAndEmptyOnes(String backend) {
    Samples samples = new Samples(25);
    int[] lengths = new int[20];
    for (int s = 0; s < lengths.length; s++) {
      lengths[s] = s % 9 == 4 ? 0 : 1 + samples.below(64);
    }
    check(
        backend,
        new AttentionCase(samples, AttentionShape.full(4, 80), 1, lengths),
        AttentionCase::ragged);
    check(
        backend,
        new AttentionCase(samples, shape(14, 2, 64, true, 0), 1, lengths),
        (c, kernels) -> c.paged(kernels, 16));
  }
}
