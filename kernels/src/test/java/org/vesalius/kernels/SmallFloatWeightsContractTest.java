package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;

/** Every backend's products with {@link Weight.Fp8}. */
class SmallFloatWeightsContractTest {

  /** At an odd address, as a mapped file may have it; with every number of the format in it. */
  private static Weight.Fp8 random(Samples samples, boolean powers, int rows, int columns) {
    long count = (long) rows * columns;
    MemorySegment data = Arena.ofAuto().allocate(count + 3, 64).asSlice(3, count);
    for (long i = 0; i < count; i++) {
      data.set(ValueLayout.JAVA_BYTE, i, (byte) (samples.below(127) | samples.below(2) << 7));
    }
    MemorySegment scales = Arena.ofAuto().allocate(4L * rows + 3, 64).asSlice(3, 4L * rows);
    for (int row = 0; row < rows; row++) {
      float scale = powers ? Math.scalb(1f, samples.below(9) - 12) : samples.below(1000) * 1e-5f;
      scales.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * row, scale);
    }
    return new Weight.Fp8(data, scales, rows, columns);
  }

  private static Weight.Fp8 magnitudes(Weight.Fp8 weight) {
    byte[] bytes = weight.data().toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] &= Float8.NAN;
    }
    MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    return new Weight.Fp8(data, weight.scales(), weight.rows(), weight.columns());
  }

  /** What is left for the definition to multiply when a backend has rounded activations. */
  private static float[] rounded(ActivationRounding rounding, float[] x, int columns) {
    float[] rounded = x.clone();
    for (int i = 0; i < x.length; i++) {
      switch (rounding) {
        case NONE -> {}
        case BF16 -> rounded[i] = Bfloat16.value(Bfloat16.round(x[i]));
        case FP8 -> {
          if (i % columns == 0) {
            Float8.roundToken(rounded, i, i + columns);
          }
        }
        case INT8 -> throw new AssertionError("FP8 weights meet no integers");
      }
    }
    return rounded;
  }

  /** A scale that is no power of two makes a wider number that is rounded once. */
  private static double allowed(ActivationRounding rounding, int columns, double magnitudes) {
    return Tolerance.dot(columns + 1, magnitudes)
        + (2 * Tolerance.ROUNDOFF + Tolerance.units(rounding)) * magnitudes;
  }

  private static void check(
      String backend, Weight.Fp8 weight, float[] x, float[] bias, String what) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      ActivationRounding rounding = tested.rounding(tested.place(weight));
      float[] given = rounded(rounding, x, weight.columns());
      float[] magnitudes =
          Matrices.linear(
              reference,
              magnitudes(weight),
              Samples.magnitudes(given),
              Samples.magnitudes(bias),
              "magnitudes");
      Matrices.assertClose(
          backend + " linear " + what,
          Matrices.linear(reference, weight, given, bias, what),
          Matrices.linear(tested, weight, x, bias, what),
          i -> allowed(rounding, weight.columns(), magnitudes[i]));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyTail(String backend) {
    Samples samples = new Samples(181);
    for (int columns : new int[] {1, 7, 15, 16, 17, 31, 64, 127, 128, 129, 255, 256, 272, 513}) {
      for (int tokens : new int[] {1, 3, 8, 9, 21}) {
        int rows = new int[] {1, 2, 3, 7, 16, 17, 35}[samples.below(7)];
        boolean powers = samples.below(2) == 0;
        Weight.Fp8 weight = random(samples, powers, rows, columns);
        float[] x = samples.normal(tokens * columns, 1);
        float[] bias = samples.normal(samples.below(2) * rows, 1);
        String what = (powers ? "FP8 (" : "FP8, other scales (") + tokens + ", " + columns;
        check(backend, weight, x, bias, what + ") to " + rows);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void modelWidthsAndManyTokens(String backend) {
    Samples samples = new Samples(182);
    for (int columns : new int[] {2048, 3420}) {
      for (int tokens : new int[] {1, 6, 70}) {
        Weight.Fp8 weight = random(samples, true, tokens > 8 ? 137 : 21, columns);
        float[] x = samples.cancelling(tokens * columns);
        check(backend, weight, x, new float[0], "FP8 (" + tokens + ", " + columns + ")");
      }
    }
  }

  /** Shapes and addresses that libraries of matrix products take, with a result of its own. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void modelShapesByThemselves(String backend) {
    Samples samples = new Samples(186);
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (int[] shape : new int[][] {{17, 144, 2048}, {70, 48, 3584}, {257, 32, 512}}) {
        int tokens = shape[0];
        int rows = shape[1];
        int columns = shape[2];
        Weight.Fp8 weight = random(samples, true, rows, columns);
        float[] x = samples.cancelling(tokens * columns);
        Weight placed = tested.place(weight);
        ActivationRounding rounding = tested.rounding(placed);
        float[] given = rounded(rounding, x, columns);
        Tensor out = tested.allocate(ElementType.F32, tokens, rows);
        tested.linear(out, Matrices.of(tested, tokens, columns, x), placed, null);
        float[] none = new float[0];
        float[] magnitudes =
            Matrices.linear(
                reference, magnitudes(weight), Samples.magnitudes(given), none, "magnitudes");
        Matrices.assertClose(
            backend + " linear FP8 (" + tokens + ", " + columns + ") to " + rows,
            Matrices.linear(reference, weight, given, none, "reference"),
            Matrices.read(tested, out),
            i -> allowed(rounding, columns, magnitudes[i]));
      }
    }
  }

  /** Nothing at all, what is too small for a scale, and rows of weights that are zero. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void smallestAndLargest(String backend) {
    Samples samples = new Samples(183);
    for (int tokens : new int[] {4, 12}) {
      Weight.Fp8 weight = random(samples, true, 19, 150);
      weight.scales().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * 5, 0);
      float[] x = samples.normal(tokens * 150, 1);
      Arrays.fill(x, 0, 150, 0);
      Arrays.fill(x, 150, 300, 7 * Float.MIN_VALUE);
      for (int i = 300; i < 450; i++) {
        x[i] *= 1e25f;
      }
      check(backend, weight, x, new float[0], "FP8, extremes, " + tokens + " tokens");
    }
  }

  /** A number that is not finite spoils its token and no other. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void notFiniteStaysInItsRow(String backend) {
    Samples samples = new Samples(184);
    try (Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (int tokens : new int[] {3, 11}) {
        Weight.Fp8 weight = random(samples, true, 18, 140);
        // A zero would make nothing of an infinity in some backends and a NaN in others.
        weight.data().fill((byte) 0x38);
        float[] x = samples.normal(tokens * 140, 1);
        float[] before = Matrices.linear(tested, weight, x, new float[0], "FP8");
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          x[140 + 77] = wrong;
          float[] found = Matrices.linear(tested, weight, x, new float[0], "FP8, not finite");
          for (int i = 0; i < found.length; i++) {
            if (i / 18 == 1) {
              assertTrue(!Float.isFinite(found[i]), backend + ": row 1 has " + found[i]);
            } else {
              assertEquals(before[i], found[i], backend + ": another row");
            }
          }
        }
      }
    }
  }

  private static float[] experts(
      Kernels kernels, List<? extends Weight> experts, float[] x, int[] starts) {
    int columns = experts.getFirst().columns();
    int tokens = x.length / columns;
    Framed out = Framed.of(kernels, tokens, experts.getFirst().rows());
    Framed in = Framed.of(kernels, tokens, columns, x);
    List<Weight> placed = experts.stream().map(kernels::place).toList();
    kernels.expertLinear(out.view(), in.view(), placed, Matrices.integers(kernels, starts));
    return out.read("expertLinear FP8");
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void groupsOfRows(String backend) {
    Samples samples = new Samples(185);
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (int[] starts : new int[][] {{0, 2, 2, 5}, {0, 30, 31, 110}}) {
        List<Weight.Fp8> experts = new ArrayList<>();
        for (int e = 0; e < 3; e++) {
          experts.add(random(samples, true, 21, 144));
        }
        float[] x = samples.normal(starts[3] * 144, 1);
        ActivationRounding rounding = tested.rounding(tested.place(experts.getFirst()));
        float[] given = rounded(rounding, x, 144);
        float[] magnitudes =
            experts(
                reference,
                experts.stream().map(SmallFloatWeightsContractTest::magnitudes).toList(),
                Samples.magnitudes(given),
                starts);
        Matrices.assertClose(
            backend + " expertLinear FP8 " + Arrays.toString(starts),
            experts(reference, experts, given, starts),
            experts(tested, experts, x, starts),
            i -> allowed(rounding, 144, magnitudes[i]));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void rowsOfATable(String backend) {
    Samples samples = new Samples(186);
    for (int width : new int[] {1, 40, 1100}) {
      Weight.Fp8 table = random(samples, true, 9, width);
      float[][] rows = new float[2][];
      for (int i = 0; i < 2; i++) {
        try (Kernels kernels =
            i == 0 ? BackendsUnderTest.reference() : BackendsUnderTest.open(backend, 2)) {
          Framed out = Framed.of(kernels, 4, width);
          Tensor ids = Matrices.integers(kernels, 8, 0, 3, 3);
          kernels.embed(out.view(), kernels.place(table), ids);
          rows[i] = out.read("embed FP8");
        }
      }
      Matrices.assertIdentical(backend + " embed FP8", rows[0], rows[1]);
    }
  }
}
