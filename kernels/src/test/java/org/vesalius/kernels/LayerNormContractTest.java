package org.vesalius.kernels;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;

/** Every backend's {@link Kernels#layerNorm} against the definition. */
class LayerNormContractTest {
  private static final int[] WIDTHS = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 61, 128, 1024, 1152, 1280, 2051
  };

  /** Rows to normalise. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Norm(int rows, int width, float epsilon, float[] x, float[] gain, float[] bias) {

    float[] run(Kernels kernels, boolean inPlace) {
      Framed in = Framed.of(kernels, rows, width, x);
      Framed out = inPlace ? in : Framed.of(kernels, rows, width);
      kernels.layerNorm(
          out.view(),
          in.view(),
          Matrices.of(kernels, 1, width, gain),
          Matrices.of(kernels, 1, width, bias),
          epsilon);
      return out.read("layerNorm");
    }

    double allowed(int i) {
      int first = i / width * width;
      double mean = 0;
      double magnitude = 0;
      for (int c = 0; c < width; c++) {
        mean += (double) x[first + c] / width;
        magnitude += Math.abs((double) x[first + c]) / width;
      }
      double variance = 0;
      for (int c = 0; c < width; c++) {
        variance += (x[first + c] - mean) * (x[first + c] - mean) / width;
      }
      int c = i % width;
      return Tolerance.layerNorm(
          width, magnitude, variance + epsilon, Math.abs(x[i] - mean), gain[c], bias[c]);
    }
  }

  private static void check(String backend, String what, Norm norm) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      float[] expected = norm.run(reference, false);
      float[] actual = norm.run(tested, false);
      String name = backend + " layerNorm of " + what + " " + norm.rows + " x " + norm.width;
      Matrices.assertClose(name, expected, actual, norm::allowed);
      Matrices.assertIdentical(name + " in place", actual, norm.run(tested, true));
      Matrices.assertIdentical(name + " in place", expected, norm.run(reference, true));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyWidth(String backend) {
    Samples samples = new Samples(61);
    for (int width : WIDTHS) {
      for (int rows : width < 200 ? new int[] {1, 4, 33} : new int[] {1, 5}) {
        float[] gain = samples.normal(width, 1);
        float[] bias = samples.normal(width, 1);
        int count = rows * width;
        float epsilon = 1e-6f;
        float[] normal = samples.normal(count, 2);
        check(backend, "numbers", new Norm(rows, width, epsilon, normal, gain, bias));
        float[] cancelling = samples.cancelling(count);
        check(backend, "cancelling", new Norm(rows, width, 1e-5f, cancelling, gain, bias));
        float[] extreme = samples.extreme(count, 1e15f);
        check(backend, "extremes", new Norm(rows, width, epsilon, extreme, gain, bias));
        check(backend, "zeros", new Norm(rows, width, epsilon, new float[count], gain, bias));
      }
    }
  }

  /** Where the difference of the mean square and the squared mean would be noise. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void smallVarianceAroundALargeMean(String backend) {
    Samples samples = new Samples(62);
    for (int width : WIDTHS) {
      float[] x = samples.normal(3 * width, 1);
      for (int i = 0; i < x.length; i++) {
        x[i] += 3e4f;
      }
      float[] gain = samples.normal(width, 1);
      check(backend, "a large mean", new Norm(3, width, 1e-6f, x, gain, samples.normal(width, 1)));
    }
  }
}
