package org.vesalius.kernels;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Allowed;
import org.vesalius.kernels.Matrices.Framed;

/** Every backend's scaling, adding and mixing of rows against the definition. */
class RowMixingContractTest {
  private static final int[] WIDTHS = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 61, 1152, 2051, 4099};

  /** Something that computes and reads what came out. */
  private interface Operation {
    float[] run(Kernels kernels);
  }

  private static void check(String backend, String what, Operation operation, Allowed allowed) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      Matrices.assertClose(
          backend + " " + what, operation.run(reference), operation.run(tested), allowed);
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void scaling(String backend) {
    Samples samples = new Samples(63);
    for (int width : WIDTHS) {
      for (float factor : new float[] {0, -0.5f, 45.25f, 1e30f}) {
        float[] x = samples.extreme(5 * width, 1e30f);
        check(
            backend,
            "scale " + width + " by " + factor,
            kernels -> {
              Framed out = Framed.of(kernels, 5, width, x);
              kernels.scale(out.view(), factor);
              return out.read("scale");
            },
            _ -> 0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void addedRows(String backend) {
    Samples samples = new Samples(64);
    for (int width : WIDTHS) {
      for (int rows : new int[] {0, 1, 9, 40}) {
        int all = rows + 5;
        float[] base = samples.normal(all * width, 1);
        float[] x = samples.extreme(rows * width, 1e38f);
        int[] index = Arrays.copyOf(samples.permutation(all), rows);
        check(
            backend,
            "addRows " + rows + " of " + width,
            kernels -> {
              Framed out = Framed.of(kernels, all, width, base);
              Tensor from = Framed.of(kernels, rows, width, x).view();
              kernels.addRows(out.view(), from, Matrices.integers(kernels, index));
              return out.read("addRows");
            },
            _ -> 0);
      }
    }
  }

  private static float[] mix(
      Kernels kernels, int width, int n, float[] x, int[] index, float[] shares) {
    int parts = shares.length / n;
    Framed out = Framed.of(kernels, n, width);
    kernels.mixRows(
        out.view(),
        Framed.of(kernels, x.length / width, width, x).view(),
        Matrices.integerRows(kernels, parts, n, index),
        Framed.of(kernels, parts, n, shares).view());
    return out.read("mixRows");
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void mixedRows(String backend) {
    Samples samples = new Samples(65);
    for (int parts : new int[] {1, 2, 4, 16}) {
      for (int width : WIDTHS) {
        int n = new int[] {1, 6, 19}[samples.below(3)];
        int rows = 23;
        float[] x = parts == 4 ? samples.cancelling(rows * width) : samples.normal(rows * width, 1);
        float[] shares = samples.normal(parts * n, 1);
        int[] index = new int[parts * n];
        for (int i = 0; i < index.length; i++) {
          index[i] = samples.below(rows);
        }
        float[] magnitudes;
        try (Kernels reference = BackendsUnderTest.reference()) {
          magnitudes =
              mix(reference, width, n, Samples.magnitudes(x), index, Samples.magnitudes(shares));
        }
        check(
            backend,
            "mixRows " + parts + " of " + width,
            kernels -> mix(kernels, width, n, x, index, shares),
            i -> Tolerance.dot(parts, magnitudes[i]));
      }
    }
  }
}
