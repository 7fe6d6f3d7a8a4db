package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;
import org.vesalius.kernels.QuantizedWeights.Format;

/** Every backend's products with {@link Weight.Int8} and {@link Weight.Int4}. */
class IntegerWeightsContractTest {
  private static final int[] COLUMNS = {1, 31, 32, 63, 64, 65, 127, 200, 255, 256, 257, 300, 896};

  private static void check(
      String backend, Weight weight, int group, float[] x, float[] bias, String what) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      ActivationRounding rounding = tested.rounding(weight);
      Weight absolute = QuantizedWeights.magnitudes(weight);
      float[] sizes = Samples.magnitudes(x);
      float[] magnitudes =
          Matrices.linear(reference, absolute, sizes, Samples.magnitudes(bias), "magnitudes");
      float[] steps = Tolerance.steps(rounding, x, weight.columns(), group);
      float[] rounded = Matrices.linear(reference, absolute, steps, new float[0], "steps");
      Matrices.assertClose(
          backend + " linear " + what,
          Matrices.linear(reference, weight, x, bias, what),
          Matrices.linear(tested, weight, x, bias, what),
          // A weight of four bits adds two products for each column.
          i -> Tolerance.dot(2 * weight.columns() + 1, magnitudes[i]) + rounded[i]);
    }
  }

  private static String name(Format format, int tokens, int rows, int columns, long seed) {
    return format + " (" + tokens + ", " + columns + ") to " + rows + ", seed " + seed;
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyTail(String backend) {
    Samples samples = new Samples(81);
    for (Format format : Format.values()) {
      for (int columns : COLUMNS) {
        for (int tokens : new int[] {1, 2, 5}) {
          int rows = new int[] {1, 2, 3, 4, 7, 16, 17, 35}[samples.below(8)];
          Weight weight = QuantizedWeights.random(samples, format, rows, columns);
          float[] x = samples.normal(tokens * columns, 1);
          float[] bias = samples.normal(samples.below(2) * rows, 1);
          String what = name(format, tokens, rows, columns, 81);
          check(backend, weight, format.group, x, bias, what);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void modelWidths(String backend) {
    Samples samples = new Samples(82);
    for (Format format : Format.values()) {
      for (int columns : new int[] {2048, 3420, 11008}) {
        for (int tokens : new int[] {1, 6}) {
          Weight weight = QuantizedWeights.random(samples, format, 21, columns);
          float[] x = samples.cancelling(tokens * columns);
          String what = name(format, tokens, 21, columns, 82);
          check(backend, weight, format.group, x, samples.normal(21, 1), what);
        }
      }
      Weight many = QuantizedWeights.random(samples, format, 2003, 72);
      for (int tokens : new int[] {1, 3, 211}) {
        float[] x = samples.normal(tokens * 72, 1);
        String what = name(format, tokens, 2003, 72, 82);
        check(backend, many, format.group, x, new float[0], what);
      }
    }
  }

  /** The largest integers everywhere: what overflows in a narrow accumulator, overflows here. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void largestIntegers(String backend) {
    Samples samples = new Samples(83);
    for (Format format : Format.values()) {
      for (int tokens : new int[] {1, 4}) {
        int columns = 600;
        int rows = 20;
        Weight weight = QuantizedWeights.random(samples, format, rows, columns);
        byte extreme = (byte) (format == Format.INT8 ? -127 : 0xFF);
        for (long i = 0; i < weight.data().byteSize(); i++) {
          weight.data().set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, extreme);
        }
        for (float sign : new float[] {1, -1}) {
          float[] x = new float[tokens * columns];
          Arrays.fill(x, sign * 3.5f);
          String what = name(format, tokens, rows, columns, 83) + " times " + sign;
          check(backend, weight, format.group, x, new float[0], what);
        }
      }
    }
  }

  /** Activations that are integers of one scale lose nothing, so nothing is allowed for them. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void exactlyRoundedActivations(String backend) {
    Samples samples = new Samples(84);
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (Format format : Format.values()) {
        for (int columns : COLUMNS) {
          for (int tokens : new int[] {1, 5}) {
            float[] x = new float[tokens * columns];
            for (int i = 0; i < x.length; i++) {
              boolean first = i % columns % format.group == 0;
              // 127 comes first in each group, so that the scale is a power of two.
              x[i] = (first ? 127 : samples.below(255) - 127) * 0x1p-6f;
            }
            Weight weight = QuantizedWeights.random(samples, format, 19, columns);
            Weight absolute = QuantizedWeights.magnitudes(weight);
            String what = name(format, tokens, 19, columns, 84);
            float[] none = new float[0];
            float[] magnitudes =
                Matrices.linear(reference, absolute, Samples.magnitudes(x), none, "magnitudes");
            Matrices.assertClose(
                backend + " linear of integers, " + what,
                Matrices.linear(reference, weight, x, none, what),
                Matrices.linear(tested, weight, x, none, what),
                i -> Tolerance.dot(2 * columns + 1, magnitudes[i]));
          }
        }
      }
    }
  }

  /** Where activations are rounded to integers, the order of everything is given. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void roundedProductsToTheBit(String backend) {
    Samples samples = new Samples(85);
    try (Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (Format format : Format.values()) {
        for (int columns : new int[] {5, 64, 300, 1100}) {
          for (int tokens : new int[] {1, 6}) {
            Weight weight = QuantizedWeights.random(samples, format, 23, columns);
            if (tested.rounding(weight) != ActivationRounding.INT8) {
              continue;
            }
            float[] x = samples.normal(tokens * columns, 2);
            String what = name(format, tokens, 23, columns, 85);
            Matrices.assertIdentical(
                backend + " linear " + what,
                RoundedProducts.linear(weight, x),
                Matrices.linear(tested, weight, x, new float[0], what));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void extremes(String backend) {
    Samples samples = new Samples(86);
    for (Format format : Format.values()) {
      for (int tokens : new int[] {1, 4}) {
        Weight weight = QuantizedWeights.random(samples, format, 9, 520);
        for (float largest : new float[] {1e30f, 1f, Float.MIN_NORMAL, 7 * Float.MIN_VALUE, 0f}) {
          float[] x = samples.extreme(tokens * 520, 1);
          for (int i = 0; i < x.length; i++) {
            x[i] = Math.clamp(x[i], -1f, 1f) * largest;
          }
          String what = name(format, tokens, 9, 520, 86) + " up to " + largest;
          check(backend, weight, format.group, x, samples.normal(9, 1), what);
        }
      }
    }
  }

  /** A number that is not finite shows in its own row and in no other. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void infiniteActivations(String backend) {
    Samples samples = new Samples(87);
    try (Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (Format format : Format.values()) {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          Weight weight = QuantizedWeights.random(samples, format, 9, 300);
          float[] x = samples.normal(3 * 300, 1);
          float[] right = Matrices.linear(tested, weight, x, new float[0], "right");
          x[300 + 270] = wrong;
          float[] found = Matrices.linear(tested, weight, x, new float[0], "wrong");
          for (int i = 0; i < found.length; i++) {
            String what = backend + " " + format + " with " + wrong + " at " + i + ", seed 87";
            if (i / 9 == 1) {
              assertFalse(Float.isFinite(found[i]), what);
            } else {
              assertEquals(right[i], found[i], what);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void embedding(String backend) {
    Samples samples = new Samples(88);
    for (Format format : Format.values()) {
      for (int width : new int[] {1, 63, 64, 257, 1280}) {
        Weight table = QuantizedWeights.random(samples, format, 37, width);
        int[] ids = {36, 0, 5, 5, 36, 1, samples.below(37)};
        List<float[]> found = new ArrayList<>();
        for (String name : List.of("reference", backend)) {
          try (Kernels kernels = BackendsUnderTest.open(name, 2)) {
            Framed out = Framed.of(kernels, ids.length, width);
            kernels.embed(out.view(), kernels.place(table), Matrices.integers(kernels, ids));
            found.add(out.read("embed"));
          }
        }
        String what = backend + " embed " + format + " " + width + ", seed 88";
        Matrices.assertIdentical(what, found.getFirst(), found.getLast());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void expertsAreLinearLayers(String backend) {
    Samples samples = new Samples(89);
    int[][] groups = {{0, 3, 0, 1, 9, 0}, {1}, {0, 0}, {0, 140, 0, 1}, {1, 1, 1, 1, 1, 1, 1, 1}};
    for (Format format : Format.values()) {
      for (int[] n : groups) {
        int tokens = Arrays.stream(n).sum();
        float[] x = samples.cancelling(tokens * 300);
        List<Weight> stored = new ArrayList<>();
        for (int e = 0; e < n.length; e++) {
          stored.add(QuantizedWeights.random(samples, format, 37, 300));
        }
        for (int threads = 1; threads <= 3; threads++) {
          try (Kernels kernels = BackendsUnderTest.open(backend, threads)) {
            experts(kernels, stored.stream().map(kernels::place).toList(), x, n);
          }
        }
      }
    }
  }

  private static void experts(Kernels kernels, List<Weight> experts, float[] x, int[] n) {
    int rows = experts.getFirst().rows();
    int columns = experts.getFirst().columns();
    int tokens = x.length / columns;
    Tensor in = Framed.of(kernels, tokens, columns, x).view();
    Framed out = Framed.of(kernels, tokens, rows);
    Framed expected = Framed.of(kernels, tokens, rows);
    int[] starts = new int[n.length + 1];
    for (int e = 0; e < n.length; e++) {
      starts[e + 1] = starts[e] + n[e];
      if (n[e] > 0) {
        kernels.linear(
            expected.view().rows(starts[e], n[e]), in.rows(starts[e], n[e]), experts.get(e), null);
      }
    }
    kernels.expertLinear(out.view(), in, experts, Matrices.integers(kernels, starts));
    Matrices.assertIdentical(
        kernels.description() + " expertLinear " + Arrays.toString(n) + ", seed 89",
        expected.read("linear"),
        out.read("expertLinear"));
  }

  /** The result of a token does not depend on the tokens beside it or on the threads. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void batchInvariance(String backend) {
    Samples samples = new Samples(90);
    for (Format format : Format.values()) {
      for (int columns : new int[] {61, 1107}) {
        int tokens = columns == 61 ? 150 : 20;
        float[] x = samples.cancelling(tokens * columns);
        Weight weight = QuantizedWeights.random(samples, format, 29, columns);
        float[] bias = samples.normal(29, 1);
        float[] whole = new float[0];
        for (int threads = 1; threads <= 3; threads++) {
          try (Kernels kernels = BackendsUnderTest.open(backend, threads)) {
            whole = threads == 1 ? Matrices.linear(kernels, weight, x, bias, "whole") : whole;
            for (int chunk : new int[] {1, 3, 7, 64, 150}) {
              for (int from = 0; from < tokens; from += chunk) {
                int to = Math.min(tokens, from + chunk);
                float[] part = Arrays.copyOfRange(x, from * columns, to * columns);
                Matrices.assertIdentical(
                    backend
                        + " "
                        + format
                        + " "
                        + columns
                        + " rows "
                        + from
                        + " to "
                        + to
                        + " with "
                        + threads
                        + " threads, seed 90",
                    Arrays.copyOfRange(whole, from * 29, to * 29),
                    Matrices.linear(kernels, weight, part, bias, "part"));
              }
            }
          }
        }
      }
    }
  }

  @Test
  void quantizedMatricesAreNotTransposed() {
    for (Format format : Format.values()) {
      Weight weight = QuantizedWeights.random(new Samples(91), format, 3, 70);
      assertThrows(IllegalArgumentException.class, () -> new Weight.Transposed(weight));
    }
  }

  @Test
  void wrongSizesAreRefused() {
    Weight.Int8 bytes = (Weight.Int8) QuantizedWeights.random(new Samples(92), Format.INT8, 3, 300);
    assertThrows(
        IllegalArgumentException.class,
        () -> new Weight.Int8(bytes.data(), bytes.scales().asSlice(4), 3, 300));
    Weight.Int4 nibbles =
        (Weight.Int4) QuantizedWeights.random(new Samples(92), Format.INT4, 3, 70);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Weight.Int4(
                nibbles.data(), nibbles.scales(), nibbles.minimums().asSlice(2), 3, 70));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Weight.Int4(
                nibbles.data().asSlice(1), nibbles.scales(), nibbles.minimums(), 3, 70));
    assertEquals(3 * 2 * 32 + 2 * 3 * 2 * 2, nibbles.byteSize());
    assertEquals(3 * 300 + 3 * 2 * 4, bytes.byteSize());
  }
}
