package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Allowed;
import org.vesalius.kernels.Matrices.Framed;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Place;

/** Every backend's operations on rows of activations against the definition. */
class RowOperationsContractTest {
  private static final int[] WIDTHS = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 61, 128, 1280, 2051};

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

  private static float[] reference(Operation operation) {
    try (Kernels reference = BackendsUnderTest.reference()) {
      return operation.run(reference);
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void embedding(String backend) {
    Samples samples = new Samples(11);
    for (Format format : Format.values()) {
      for (int width : WIDTHS) {
        int vocabulary = 37;
        float[] table = samples.normal(vocabulary * width, 1);
        table[0] = -1e-41f;
        table[table.length - 1] = Float.NEGATIVE_INFINITY;
        int[] ids = {36, 0, 5, 5, 36, 1, samples.below(vocabulary)};
        check(
            backend,
            "embed " + format + " " + width,
            kernels -> {
              Weight stored =
                  StoredWeights.of(Arena.ofAuto(), format, Place.ODD, vocabulary, width, table);
              Framed out = Framed.of(kernels, ids.length, width);
              kernels.embed(out.view(), kernels.place(stored), Matrices.integers(kernels, ids));
              return out.read("embed");
            },
            _ -> 0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void likeliest(String backend) {
    Samples samples = new Samples(14);
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (int width : new int[] {1, 2, 7, 33, 1024, 1025, 5003}) {
        int rows = 9;
        float[] x = samples.normal(rows * width, 1);
        // Equal ones, alone and beside the ends; what is not finite at any place; no largest.
        x[width - 1] = x[0] = 9;
        x[width + samples.below(width)] = Float.NaN;
        x[2 * width + samples.below(width)] = Float.POSITIVE_INFINITY;
        x[3 * width + samples.below(width)] = Float.NEGATIVE_INFINITY;
        Arrays.fill(x, 4 * width, 5 * width, -3);
        Arrays.fill(x, 5 * width, 6 * width, -0f);
        x[6 * width - 1] = 0;
        Arrays.fill(x, 6 * width, 7 * width, -Float.MAX_VALUE);
        x[8 * width - 1] = Float.MAX_VALUE;
        assertArrayEquals(
            likeliest(reference, rows, width, x),
            likeliest(tested, rows, width, x),
            backend + " argmax " + width);
      }
    }
  }

  private static int[] likeliest(Kernels kernels, int rows, int width, float[] x) {
    Tensor out = kernels.allocate(ElementType.I32, 1, rows + 1);
    kernels.argmax(out.columns(0, rows), Framed.of(kernels, rows, width, x).view());
    int[] found = new int[rows + 1];
    kernels.read(found, out);
    return found;
  }

  /** Recorded operations compute what their tensors hold when they are run. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void recorded(String backend) {
    Samples samples = new Samples(15);
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      int width = 96;
      Weight weight =
          kernels.place(
              StoredWeights.of(
                  Arena.ofAuto(),
                  Format.BF16,
                  Place.ODD,
                  41,
                  width,
                  samples.normal(41 * width, 1)));
      Tensor table = Matrices.of(kernels, 7, width, samples.normal(7 * width, 1));
      Tensor ids = kernels.allocate(ElementType.I32, 1, 3);
      Tensor x = kernels.allocate(ElementType.F32, 3, width);
      Tensor logits = kernels.allocate(ElementType.F32, 3, 41);
      Tensor out = kernels.allocate(ElementType.I32, 1, 3);
      Runnable operations =
          () -> {
            kernels.gatherRows(x, table, ids);
            kernels.add(x, x);
            kernels.linear(logits, x, weight, null);
            kernels.argmax(out, logits);
          };
      int[] found = new int[3];
      try (Recording recording = kernels.record(operations)) {
        for (int[] chosen : new int[][] {{1, 2, 3}, {6, 6, 0}, {4, 0, 5}}) {
          kernels.write(ids, chosen);
          recording.run();
          float[] replayed = Matrices.read(kernels, logits);
          kernels.read(found, out);
          kernels.write(ids, chosen);
          operations.run();
          Matrices.assertIdentical(backend + " recorded", Matrices.read(kernels, logits), replayed);
          int[] again = new int[3];
          kernels.read(again, out);
          assertArrayEquals(again, found, backend + " recorded");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void gatherAndScatter(String backend) {
    Samples samples = new Samples(12);
    for (int width : WIDTHS) {
      float[] x = samples.extreme(9 * width, Float.MAX_VALUE);
      int[] index = {8, 0, 3, 3, 7};
      check(
          backend,
          "gatherRows " + width,
          kernels -> {
            Framed out = Framed.of(kernels, index.length, width);
            Tensor from = Framed.of(kernels, 9, width, x).view();
            kernels.gatherRows(out.view(), from, Matrices.integers(kernels, index));
            return out.read("gatherRows");
          },
          _ -> 0);
      check(
          backend,
          "scatterRows " + width,
          kernels -> {
            Framed out = Framed.of(kernels, 11, width);
            Tensor from = Framed.of(kernels, 9, width, x).view();
            int[] to = {10, 0, 4, 5, 6, 2, 1, 9, 3};
            kernels.scatterRows(out.view(), from, Matrices.integers(kernels, to));
            return out.read("scatterRows");
          },
          _ -> 0);
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void addition(String backend) {
    Samples samples = new Samples(13);
    for (int width : WIDTHS) {
      for (int rows : new int[] {1, 5, 40}) {
        float[] a = samples.extreme(rows * width, 1e38f);
        float[] b = samples.normal(rows * width, 3);
        check(
            backend,
            "add " + width,
            kernels -> {
              Framed out = Framed.of(kernels, rows, width, a);
              kernels.add(out.view(), Framed.of(kernels, rows, width, b).view());
              return out.read("add");
            },
            _ -> 0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void norms(String backend) {
    Samples samples = new Samples(14);
    for (int width : WIDTHS) {
      for (int rows : new int[] {1, 4, 33}) {
        float[] gain = samples.normal(width, 1);
        for (float[] x :
            new float[][] {
              samples.normal(rows * width, 1),
              samples.cancelling(rows * width),
              samples.extreme(rows * width, 1e15f),
              new float[rows * width]
            }) {
          Operation norm =
              kernels -> {
                Framed out = Framed.of(kernels, rows, width);
                Tensor from = Framed.of(kernels, rows, width, x).view();
                kernels.rmsNorm(out.view(), from, Matrices.of(kernels, 1, width, gain), 1e-6f);
                return out.read("rmsNorm");
              };
          float[] expected = reference(norm);
          check(backend, "rmsNorm " + width, norm, i -> Tolerance.norm(width, expected[i]));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void addedNorms(String backend) {
    Samples samples = new Samples(15);
    for (int width : WIDTHS) {
      int rows = 6;
      float[] x = samples.normal(rows * width, 1);
      float[] delta = samples.normal(rows * width, 1);
      float[] gain = samples.normal(width, 1);
      Operation norm =
          kernels -> {
            Framed out = Framed.of(kernels, rows, width);
            Framed residual = Framed.of(kernels, rows, width, x);
            kernels.addRmsNorm(
                out.view(),
                residual.view(),
                Framed.of(kernels, rows, width, delta).view(),
                Matrices.of(kernels, 1, width, gain),
                1e-5f);
            float[] both = Arrays.copyOf(out.read("addRmsNorm"), 2 * rows * width);
            System.arraycopy(residual.read("addRmsNorm"), 0, both, rows * width, rows * width);
            return both;
          };
      float[] expected = reference(norm);
      check(
          backend,
          "addRmsNorm " + width,
          norm,
          i -> i < rows * width ? Tolerance.norm(width, expected[i]) : 0);
    }
  }

  private static float[] activationInputs(Samples samples) {
    float[] x = new float[4003];
    for (int i = 0; i < 3000; i++) {
      x[i] = (i - 1500) / 14f;
    }
    System.arraycopy(samples.normal(900, 1), 0, x, 3000, 900);
    System.arraycopy(samples.extreme(96, 1e25f), 0, x, 3900, 96);
    x[4000] = Float.POSITIVE_INFINITY;
    x[4001] = Float.NaN;
    x[4002] = -Float.MAX_VALUE;
    return x;
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void activations(String backend) {
    float[] x = activationInputs(new Samples(16));
    for (Activation activation : Activation.values()) {
      Operation operation =
          kernels -> {
            Framed out = Framed.of(kernels, 1, x.length, x);
            kernels.activate(out.view(), activation);
            return out.read("activate");
          };
      float[] expected = reference(operation);
      check(
          backend,
          "activate " + activation,
          operation,
          i -> Tolerance.activation(activation, x[i], expected[i]));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void gatedActivations(String backend) {
    Samples samples = new Samples(17);
    for (Activation activation : Activation.values()) {
      for (int width : WIDTHS) {
        int rows = 3;
        float[] gate = samples.normal(rows * width, 4);
        float[] up = samples.normal(rows * width, 2);
        Operation operation =
            kernels -> {
              Framed out = Framed.of(kernels, rows, width, gate);
              kernels.gatedActivation(
                  out.view(), Framed.of(kernels, rows, width, up).view(), activation);
              return out.read("gatedActivation");
            };
        float[] expected = reference(operation);
        check(
            backend,
            "gatedActivation " + activation + " " + width,
            operation,
            i ->
                Tolerance.activation(activation, gate[i], expected[i] / up[i]) * Math.abs(up[i])
                    + Tolerance.ROUNDOFF * Math.abs(expected[i]));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void rotaryTables(String backend) {
    Samples samples = new Samples(18);
    for (int pairs : new int[] {1, 5, 20, 40, 64}) {
      int tokens = 13;
      int axes = 3;
      float[] frequencies = new float[pairs];
      int[] axis = new int[pairs];
      for (int i = 0; i < pairs; i++) {
        frequencies[i] = (float) Math.pow(1e6, -(double) i / pairs);
        axis[i] = samples.below(axes);
      }
      int[] positions = new int[axes * tokens];
      for (int i = 0; i < positions.length; i++) {
        positions[i] = samples.below(i % 2 == 0 ? 50 : 128_000);
      }
      check(
          backend,
          "rotaryTable " + pairs,
          kernels -> {
            Framed cos = Framed.of(kernels, tokens, pairs);
            Framed sin = Framed.of(kernels, tokens, pairs);
            Rotary rotary =
                new Rotary(
                    Matrices.of(kernels, 1, pairs, frequencies),
                    Matrices.integers(kernels, axis),
                    1.25f);
            kernels.rotaryTable(
                cos.view(),
                sin.view(),
                Matrices.integerRows(kernels, axes, tokens, positions),
                rotary);
            float[] both = Arrays.copyOf(cos.read("rotaryTable"), 2 * tokens * pairs);
            System.arraycopy(sin.read("rotaryTable"), 0, both, tokens * pairs, tokens * pairs);
            return both;
          },
          _ -> Tolerance.trigonometric(1.25));
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void rotations(String backend) {
    Samples samples = new Samples(19);
    for (int half : new int[] {1, 4, 5, 6, 7, 8, 16, 18, 32, 36, 40, 64, 128}) {
      int heads = 3;
      int tokens = 9;
      int width = heads * 2 * half;
      float[] x = samples.normal(tokens * width, 2);
      float[] cos = new float[tokens * half];
      float[] sin = new float[tokens * half];
      for (int i = 0; i < cos.length; i++) {
        cos[i] = (float) Math.cos(i);
        sin[i] = (float) Math.sin(i);
      }
      check(
          backend,
          "rotate " + half,
          kernels -> {
            Framed out = Framed.of(kernels, tokens, width, x);
            kernels.rotate(
                out.view(),
                Framed.of(kernels, tokens, half, cos).view(),
                Framed.of(kernels, tokens, half, sin).view());
            return out.read("rotate");
          },
          i -> {
            int first = i / width * width + i % width / (2 * half) * 2 * half;
            int pair = i % (2 * half) % half;
            int angle = i / width * half + pair;
            double a = Math.abs(x[first + pair]);
            double b = Math.abs(x[first + pair + half]);
            double c = Math.abs(cos[angle]);
            double s = Math.abs(sin[angle]);
            return Tolerance.rotation(i % (2 * half) < half ? a * c + b * s : b * c + a * s);
          });
    }
  }
}
