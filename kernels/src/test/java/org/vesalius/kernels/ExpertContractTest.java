package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Order;
import org.vesalius.kernels.StoredWeights.Place;

/** Every backend's {@link Kernels#route} and {@link Kernels#expertLinear}. */
class ExpertContractTest {

  /** A routing that was read. */
  @SuppressWarnings("ArrayRecordComponent") // compared field by field
  private record Choices(int[] starts, int[] rows, int[] places, float[] shares) {

    static Choices of(
        Kernels kernels, int tokens, int experts, int perToken, float[] logits, boolean whole) {
      ExpertRouting routing =
          ExpertRouting.allocate(kernels, tokens + 3, experts, perToken).firstTokens(tokens);
      kernels.route(routing, Framed.of(kernels, tokens, experts, logits).view(), whole);
      return new Choices(
          Matrices.readIntegers(kernels, routing.starts()),
          Matrices.readIntegers(kernels, routing.rows()),
          Matrices.readIntegers(kernels, routing.places()),
          Matrices.read(kernels, routing.shares()));
    }
  }

  private static void route(
      String backend, String what, int tokens, int experts, int perToken, float[] logits) {
    for (boolean whole : new boolean[] {false, true}) {
      String name = backend + " route of " + what + ", " + perToken + " of " + experts;
      try (Kernels reference = BackendsUnderTest.reference();
          Kernels tested = BackendsUnderTest.open(backend, 2)) {
        Choices expected = Choices.of(reference, tokens, experts, perToken, logits, whole);
        Choices actual = Choices.of(tested, tokens, experts, perToken, logits, whole);
        assertArrayEquals(expected.starts, actual.starts, name);
        assertArrayEquals(expected.rows, actual.rows, name);
        assertArrayEquals(expected.places, actual.places, name);
        Matrices.assertClose(
            name,
            expected.shares,
            actual.shares,
            i -> Tolerance.share(experts) * expected.shares[i] + Float.MIN_NORMAL);
        consistent(name, tokens, perToken, actual, whole);
      }
    }
  }

  /** What holds for every routing, whatever was chosen. */
  private static void consistent(
      String name, int tokens, int perToken, Choices choices, boolean whole) {
    int[] seen = new int[tokens * perToken];
    for (int t = 0; t < tokens; t++) {
      double total = 0;
      for (int k = 0; k < perToken; k++) {
        int place = choices.places[k * tokens + t];
        seen[place]++;
        assertEquals(t, choices.rows[place], name + ": row of a place");
        float share = choices.shares[k * tokens + t];
        assertTrue(k == 0 || share <= choices.shares[(k - 1) * tokens + t], name + ": order");
        total += share;
      }
      double allowed = perToken * Tolerance.ROUNDOFF;
      assertTrue(whole ? Math.abs(total - 1) <= allowed : total <= 1 + allowed, name + ": total");
    }
    for (int count : seen) {
      assertEquals(1, count, name + ": every place once");
    }
    for (int e = 0; e + 1 < choices.starts.length; e++) {
      for (int i = choices.starts[e] + 1; i < choices.starts[e + 1]; i++) {
        assertTrue(choices.rows[i - 1] < choices.rows[i], name + ": tokens ascend in a group");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void routing(String backend) {
    Samples samples = new Samples(71);
    for (int[] shape :
        new int[][] {{1, 1}, {4, 1}, {4, 2}, {7, 7}, {60, 4}, {128, 8}, {128, 128}}) {
      for (int tokens : new int[] {0, 1, 2, 33}) {
        int experts = shape[0];
        int count = tokens * experts;
        route(backend, "numbers", tokens, experts, shape[1], samples.normal(count, 3));
        float[] ties = new float[count];
        for (int i = 0; i < count; i++) {
          ties[i] = samples.below(3);
        }
        route(backend, "ties", tokens, experts, shape[1], ties);
        route(backend, "equal logits", tokens, experts, shape[1], new float[count]);
        // Most shares vanish, and vanished ones are equal whatever their logits were.
        route(backend, "extremes", tokens, experts, shape[1], samples.normal(count, 1e4));
      }
    }
  }

  private static Tensor starts(Kernels kernels, int[] counts) {
    int[] starts = new int[counts.length + 1];
    for (int e = 0; e < counts.length; e++) {
      starts[e + 1] = starts[e] + counts[e];
    }
    return Matrices.integers(kernels, starts);
  }

  private static void products(
      String backend,
      Samples samples,
      Format format,
      Order order,
      int rows,
      int columns,
      int... n) {
    int tokens = Arrays.stream(n).sum();
    float[] x = samples.cancelling(tokens * columns);
    List<Weight> stored = new ArrayList<>();
    List<Weight> magnitudes = new ArrayList<>();
    for (int e = 0; e < n.length; e++) {
      float[] values = samples.normal(rows * columns, 0.1);
      for (List<Weight> list : List.of(stored, magnitudes)) {
        float[] stands = list == stored ? values : Samples.magnitudes(values);
        list.add(StoredWeights.of(Arena.ofAuto(), format, Place.ODD, order, rows, columns, stands));
      }
    }
    String what = "expertLinear " + format + " " + order + " (" + rows + ", " + columns + ") of ";
    for (int threads = 1; threads <= 3; threads++) {
      try (Kernels kernels = BackendsUnderTest.open(backend, threads)) {
        List<Weight> experts = stored.stream().map(kernels::place).toList();
        Tensor in = Framed.of(kernels, tokens, columns, x).view();
        Framed out = Framed.of(kernels, tokens, rows);
        kernels.expertLinear(out.view(), in, experts, starts(kernels, n));
        String run = backend + " " + what + Arrays.toString(n) + " with " + threads + " threads";
        float[] expected = linear(kernels, in, experts, n);
        float[] found = out.read("expertLinear");
        if (kernels.batchInvariant(experts.getFirst())) {
          Matrices.assertIdentical(run, expected, found);
        } else {
          // Both are as far from the exact sum as a dot product may be.
          try (Kernels reference = BackendsUnderTest.reference()) {
            Tensor absolute = Matrices.of(reference, tokens, columns, Samples.magnitudes(x));
            float[] sums = linear(reference, absolute, magnitudes, n);
            Matrices.assertClose(
                run, expected, found, i -> 2 * Tolerance.dot(columns + 1, sums[i]));
          }
        }
      }
    }
  }

  /** The rows of each expert by themselves. */
  private static float[] linear(Kernels kernels, Tensor in, List<Weight> experts, int[] n) {
    Framed out = Framed.of(kernels, in.rows(), experts.getFirst().rows());
    int first = 0;
    for (int e = 0; e < n.length; e++) {
      if (n[e] > 0) {
        kernels.linear(out.view().rows(first, n[e]), in.rows(first, n[e]), experts.get(e), null);
      }
      first += n[e];
    }
    return out.read("linear");
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void expertsAreLinearLayers(String backend) {
    Samples samples = new Samples(72);
    for (Format format : Format.values()) {
      for (Order order : Order.values()) {
        products(backend, samples, format, order, 37, 61, 0, 3, 0, 1, 9, 0);
        products(backend, samples, format, order, 130, 24, 1);
        products(backend, samples, format, order, 5, 7, 0, 0);
        products(backend, samples, format, order, 33, 40, 0, 260, 0, 1);
        products(backend, samples, format, order, 9, 2, 1, 1, 2, 129, 128);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void manyExpertsOfOneRow(String backend) {
    Samples samples = new Samples(73);
    int[] ones = new int[128];
    Arrays.fill(ones, 1);
    for (Format format : Format.values()) {
      for (Order order : Order.values()) {
        products(backend, samples, format, order, 77, 48, ones);
      }
    }
  }

  /** More rows than are packed at once. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void manyRows(String backend) {
    Samples samples = new Samples(74);
    for (Order order : Order.values()) {
      products(backend, samples, Format.BF16, order, 3, 1030, 700, 1, 0, 520, 3);
    }
  }
}
