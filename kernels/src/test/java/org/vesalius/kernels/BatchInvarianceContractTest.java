package org.vesalius.kernels;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Order;
import org.vesalius.kernels.StoredWeights.Place;

/**
 * The result of a token, bit by bit, does not depend on the tokens beside it, on the number of
 * threads, or on whether it was computed in a prefill, in a chunk of one or alone. Where a backend
 * declares that matrix products do, they stay within their bounds, and the same rows give the same
 * bits.
 */
class BatchInvarianceContractTest {
  private static final int[] CHUNKS = {1, 7, 64, 97};

  /** Computes rows {@code from} to {@code to} of something. */
  private interface Rows {
    float[] run(Kernels kernels, int from, int to);
  }

  private static void check(String backend, String what, int rows, Rows operation) {
    check(backend, what, rows, operation, null);
  }

  /** With what a part may differ from the whole by, or null for nothing. */
  private static void check(
      String backend, String what, int rows, Rows operation, float @Nullable [] allowed) {
    float[] whole;
    int mostThreads;
    try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
      whole = operation.run(kernels, 0, rows);
      // A device does not compute on the threads of the host.
      mostThreads = kernels.isAsynchronous() ? 1 : 3;
    }
    int width = whole.length / rows;
    for (int threads = 1; threads <= mostThreads; threads++) {
      try (Kernels kernels = BackendsUnderTest.open(backend, threads)) {
        String run = backend + " " + what + " with " + threads + " threads";
        Matrices.assertIdentical(run, whole, operation.run(kernels, 0, rows));
        for (int chunk : CHUNKS) {
          for (int from = 0; from < rows; from += chunk) {
            int to = Math.min(rows, from + chunk);
            String part = run + ", rows " + from + " to " + to;
            float[] expected = Arrays.copyOfRange(whole, from * width, to * width);
            float[] found = operation.run(kernels, from, to);
            if (allowed == null) {
              Matrices.assertIdentical(part, expected, found);
            } else {
              int first = from * width;
              Matrices.assertClose(part, expected, found, i -> allowed[first + i]);
            }
          }
        }
      }
    }
  }

  private static float[] part(float[] x, int width, int from, int to) {
    return Arrays.copyOfRange(x, from * width, to * width);
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void linear(String backend) {
    Samples samples = new Samples(31);
    for (Format format : Format.values()) {
      linear(backend, samples, format, Order.ROWS, 29, 40, 61, 1107);
      linear(backend, samples, format, Order.COLUMNS, 143, 61, 203);
    }
  }

  private static void linear(
      String backend, Samples samples, Format format, Order order, int rows, int... widths) {
    for (int columns : widths) {
      int tokens = columns == 61 ? 100 : 20;
      float[] x = samples.cancelling(tokens * columns);
      float[] bias = samples.normal(rows, 1);
      float[] values = samples.normal(rows * columns, 1);
      Weight weight =
          StoredWeights.of(Arena.ofAuto(), format, Place.ODD, order, rows, columns, values);
      check(
          backend,
          "linear " + format + " " + order + " " + columns,
          tokens,
          (kernels, from, to) -> {
            Tensor out = kernels.allocate(ElementType.F32, to - from, rows);
            kernels.linear(
                out,
                Matrices.of(kernels, to - from, columns, part(x, columns, from, to)),
                kernels.place(weight),
                Matrices.of(kernels, 1, rows, bias));
            return Matrices.read(kernels, out);
          },
          allowed(backend, weight, x, values, bias));
    }
  }

  /** Twice the bound of a dot product, for a backend that does not keep the order of summation. */
  private static float @Nullable [] allowed(
      String backend, Weight weight, float[] x, float[] values, float[] bias) {
    try (Kernels tested = BackendsUnderTest.open(backend, 1);
        Kernels reference = BackendsUnderTest.reference()) {
      if (tested.batchInvariant(weight)) {
        return null;
      }
      int columns = weight.columns();
      int tokens = x.length / columns;
      Tensor out = reference.allocate(ElementType.F32, tokens, weight.rows());
      reference.linear(
          out,
          Matrices.of(reference, tokens, columns, Samples.magnitudes(x)),
          StoredWeights.of(
              Arena.ofAuto(),
              Format.F32,
              Place.ALIGNED,
              weight.rows(),
              columns,
              Samples.magnitudes(values)),
          Matrices.of(reference, 1, bias.length, Samples.magnitudes(bias)));
      float[] sums = Matrices.read(reference, out);
      for (int i = 0; i < sums.length; i++) {
        sums[i] = (float) (2 * Tolerance.dot(columns + 1, sums[i]));
      }
      return sums;
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void rowOperations(String backend) {
    Samples samples = new Samples(32);
    for (int width : new int[] {2 * 5, 2 * 61, 2 * 1027}) {
      int tokens = width < 1000 ? 100 : 15;
      float[] x = samples.normal(tokens * width, 3);
      float[] delta = samples.normal(tokens * width, 1);
      float[] gain = samples.normal(width, 1);
      float[] angles = samples.normal(tokens * width / 2, 1);
      check(
          backend,
          "rows of " + width,
          tokens,
          (kernels, from, to) -> {
            int count = to - from;
            Tensor a = Matrices.of(kernels, count, width, part(x, width, from, to));
            Tensor b = Matrices.of(kernels, count, width, part(delta, width, from, to));
            Tensor c = Matrices.of(kernels, count, width / 2, part(angles, width / 2, from, to));
            Tensor out = kernels.allocate(ElementType.F32, count, width);
            for (Activation activation : Activation.values()) {
              kernels.gatedActivation(b, a, activation);
              kernels.activate(b, activation);
            }
            Tensor gains = Matrices.of(kernels, 1, width, gain);
            kernels.addRmsNorm(out, a, b, gains, 1e-6f);
            kernels.layerNorm(b, b, gains, gains, 1e-6f);
            kernels.scale(b, 0.3f);
            kernels.add(out, b);
            kernels.rotate(out, c, c);
            kernels.add(out, a);
            return Matrices.read(kernels, out);
          });
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void chunksOfOneSequence(String backend) {
    Samples samples = new Samples(33);
    for (int group : new int[] {1, 2, 7}) {
      for (int window : new int[] {0, 40}) {
        int size = window == 0 ? 80 : 10;
        AttentionShape shape = new AttentionShape(group * 2, 2, size, 0.3f, true, window);
        for (CacheFormat format : CacheFormat.values()) {
          AttentionCase attention = new AttentionCase(samples, shape, 1, 135).in(format);
          check(
              backend,
              "attention " + attention,
              135,
              (kernels, from, to) ->
                  attention.paged(kernels, 16, new int[] {from}, new int[] {to}));
        }
      }
    }
  }

  /** So many keys that they are shared out among threads when there are few queries. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void fewQueriesAfterManyKeys(String backend) {
    Samples samples = new Samples(37);
    int length = 2611;
    int first = length - 45;
    for (int window : new int[] {0, 1500}) {
      AttentionShape shape = new AttentionShape(6, 2, 16, 0.25f, true, window);
      AttentionCase attention =
          new AttentionCase(samples, shape, 1, length)
              .in(window == 0 ? CacheFormat.BF16 : CacheFormat.F32);
      check(
          backend,
          "attention " + attention,
          length - first,
          (kernels, from, to) ->
              attention.paged(kernels, 32, new int[] {first + from}, new int[] {first + to}));
    }
  }

  /** A chunk may start anywhere, but ends where no group is cut. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void chunksAroundGroups(String backend) {
    Samples samples = new Samples(36);
    for (int group : new int[] {1, 4}) {
      for (int window : new int[] {0, 20}) {
        AttentionShape shape = new AttentionShape(group * 2, 2, 10, 0.3f, true, window);
        AttentionCase attention =
            new AttentionCase(samples, shape, 1, 190)
                .withGroups(new int[] {3, 60, 60, 64, 70, 135, 150, 189})
                .in(window == 0 ? CacheFormat.BF16 : CacheFormat.F32);
        int row = shape.heads() * shape.headSize();
        for (int threads = 1; threads <= 3; threads++) {
          try (Kernels kernels = BackendsUnderTest.open(backend, threads)) {
            float[] whole = attention.paged(kernels, 16);
            ActivationRounding inPages = attention.rounding(kernels);
            float[] ragged = attention.ragged(kernels);
            if (inPages == attention.rounding(kernels)) {
              Matrices.assertIdentical(backend + " " + attention + " ragged", whole, ragged);
            }
            for (int[] chunk :
                new int[][] {
                  {0, 190},
                  {0, 60},
                  {3, 60},
                  {60, 64},
                  {1, 2},
                  {59, 60},
                  {64, 70},
                  {70, 135},
                  {61, 149},
                  {135, 190},
                  {188, 189},
                  {189, 190},
                  {0, 135},
                  {100, 190}
                }) {
              Matrices.assertIdentical(
                  backend + " " + attention + " tokens " + chunk[0] + " to " + chunk[1],
                  Arrays.copyOfRange(whole, chunk[0] * row, chunk[1] * row),
                  attention.paged(kernels, 16, new int[] {chunk[0]}, new int[] {chunk[1]}));
            }
          }
        }
      }
    }
  }

  /** Decode of one sequence among others, and with other page sizes. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void otherSequencesBeside(String backend) {
    Samples samples = new Samples(34);
    AttentionShape shape = AttentionShape.causal(4, 2, 36);
    int row = shape.heads() * shape.headSize();
    for (CacheFormat format : CacheFormat.values()) {
      AttentionCase attention = new AttentionCase(samples, shape, 1, 90, 17, 150).in(format);
      try (Kernels kernels = BackendsUnderTest.open(backend, 2)) {
        float[] together =
            attention.paged(kernels, 16, new int[] {89, 0, 143}, new int[] {90, 17, 150});
        for (int pageSize : new int[] {16, 7, 64}) {
          AttentionCase alone = new AttentionCase(samples, shape, 1, 150);
          alone.q[0] = attention.q[2];
          alone.k[0] = attention.k[2];
          alone.v[0] = attention.v[2];
          Matrices.assertIdentical(
              backend + " third sequence of " + attention + " alone, pages of " + pageSize,
              Arrays.copyOfRange(together, 18 * row, 25 * row),
              alone.in(format).paged(kernels, pageSize, new int[] {143}, new int[] {150}));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void imagesBeside(String backend) {
    Samples samples = new Samples(35);
    AttentionShape shape = AttentionShape.full(3, 72);
    AttentionCase both = new AttentionCase(samples, shape, 1, 70, 131);
    AttentionCase second = new AttentionCase(samples, shape, 1, 131);
    second.q[0] = both.q[1];
    second.k[0] = both.k[1];
    second.v[0] = both.v[1];
    try (Kernels two = BackendsUnderTest.open(backend, 2);
        Kernels one = BackendsUnderTest.open(backend, 1)) {
      float[] whole = both.ragged(two);
      Matrices.assertIdentical(
          backend + " second image alone",
          Arrays.copyOfRange(whole, 70 * 3 * 72, whole.length),
          second.ragged(one));
    }
  }
}
