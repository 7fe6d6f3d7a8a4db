package org.vesalius.kernels;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vesalius.kernels.Matrices.Framed;
import org.vesalius.kernels.StoredWeights.Format;
import org.vesalius.kernels.StoredWeights.Order;
import org.vesalius.kernels.StoredWeights.Place;

/** Every backend's {@link Kernels#linear} against the definition. */
class LinearContractTest {

  /** One product, with everything that it is made of. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Product(
      Format format,
      Place place,
      Order order,
      int tokens,
      int rows,
      int columns,
      float[] x,
      float[] weight,
      float @Nullable [] bias) {

    /** What is left for the definition to do when a backend has rounded activations. */
    Product rounded(Kernels tested) {
      if (tested.rounding(stored(weight)) != ActivationRounding.BF16) {
        return this;
      }
      float[] rounded = x.clone();
      for (int i = 0; i < rounded.length; i++) {
        rounded[i] = Bfloat16.value(Bfloat16.round(rounded[i]));
      }
      return new Product(format, place, order, tokens, rows, columns, rounded, weight, bias);
    }

    private Weight stored(float[] values) {
      return StoredWeights.of(Arena.ofAuto(), format, place, order, rows, columns, values);
    }

    float[] run(Kernels kernels, boolean magnitudes) {
      Weight stored = stored(magnitudes ? Samples.magnitudes(weight) : weight);
      Framed out = Framed.of(kernels, tokens, rows);
      Framed in = Framed.of(kernels, tokens, columns, magnitudes ? Samples.magnitudes(x) : x);
      Tensor added =
          bias == null
              ? null
              : Matrices.of(kernels, 1, rows, magnitudes ? Samples.magnitudes(bias) : bias);
      kernels.linear(out.view(), in.view(), kernels.place(stored), added);
      return out.read(toString());
    }

    @Override
    public String toString() {
      return "linear " + format + " " + place + " " + order + " (" + tokens + ", " + columns
          + ") to " + rows;
    }
  }

  private static void check(String backend, Product... products) {
    try (Kernels reference = BackendsUnderTest.reference();
        Kernels tested = BackendsUnderTest.open(backend, 2)) {
      for (Product product : products) {
        Product rounded = product.rounded(tested);
        float[] expected = rounded.run(reference, false);
        float[] magnitudes = rounded.run(reference, true);
        float[] actual = product.run(tested, false);
        Matrices.assertClose(
            backend + " " + product,
            expected,
            actual,
            i -> Tolerance.dot(product.columns + 1, magnitudes[i]));
      }
    }
  }

  private static Product normal(
      Samples samples, Format format, Place place, Order order, int tokens, int rows, int columns) {
    float[] bias = samples.below(2) == 0 ? samples.normal(rows, 1) : null;
    return new Product(
        format,
        place,
        order,
        tokens,
        rows,
        columns,
        samples.normal(tokens * columns, 1),
        samples.normal(rows * columns, 0.05),
        bias);
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyFormatPlaceAndTail(String backend) {
    Samples samples = new Samples(1);
    for (Format format : Format.values()) {
      for (Place place : Place.values()) {
        for (int columns : new int[] {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 97, 255, 513}) {
          int tokens = new int[] {1, 2, 3, 4, 5, 7}[samples.below(6)];
          int rows = new int[] {1, 2, 5, 6, 7, 13, 25}[samples.below(7)];
          Order order = samples.below(2) == 0 ? Order.ROWS : Order.COLUMNS;
          check(backend, normal(samples, format, place, order, tokens, rows, columns));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void modelWidths(String backend) {
    Samples samples = new Samples(2);
    for (Format format : Format.values()) {
      for (Order order : Order.values()) {
        for (int columns : new int[] {1176, 2048, 3420, 11008}) {
          check(
              backend,
              normal(samples, format, Place.MAPPED, order, 1, 19, columns),
              normal(samples, format, Place.MAPPED, order, 5, 11, columns));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void manyRowsAndManyTokens(String backend) {
    Samples samples = new Samples(3);
    for (Format format : Format.values()) {
      for (Order order : Order.values()) {
        check(
            backend,
            normal(samples, format, Place.ODD, order, 1, 2003, 72),
            normal(samples, format, Place.ODD, order, 211, 307, 72),
            normal(samples, format, Place.ODD, order, 3, 1153, 131));
      }
    }
  }

  /** More activations than a backend prepares at once. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void moreTokensThanAreHeldAtOnce(String backend) {
    check(backend, normal(new Samples(7), Format.BF16, Place.ALIGNED, Order.ROWS, 4301, 3, 1030));
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void cancellationAndExtremes(String backend) {
    Samples samples = new Samples(4);
    for (Format format : Format.values()) {
      for (Order order : Order.values()) {
        for (int tokens : new int[] {1, 4}) {
          int columns = 603;
          int rows = 35;
          float[] x = samples.cancelling(tokens * columns);
          float[] constant = new float[rows * columns];
          Arrays.fill(constant, 0.7f);
          check(
              backend,
              new Product(format, Place.ODD, order, tokens, rows, columns, x, constant, null),
              new Product(
                  format,
                  Place.ODD,
                  order,
                  tokens,
                  rows,
                  columns,
                  samples.extreme(tokens * columns, 1e15f),
                  samples.extreme(rows * columns, format == Format.F16 ? 6e4f : 1e15f),
                  samples.extreme(rows, 1e15f)));
        }
      }
    }
  }

  /** A weight beside the last column or row must not be touched, not even multiplied by zero. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void infinitiesStayInTheirRow(String backend) {
    Samples samples = new Samples(5);
    for (Format format : Format.values()) {
      for (int tokens : new int[] {1, 4}) {
        for (int columns : new int[] {5, 21, 64}) {
          int rows = 39;
          float[] weight = samples.normal(rows * columns, 1);
          for (int r = 0; r < rows; r += 2) {
            weight[r * columns] = Float.POSITIVE_INFINITY;
            weight[r * columns + columns - 1] = Float.NaN;
          }
          weight[columns] = Float.NEGATIVE_INFINITY;
          float[] x = samples.normal(tokens * columns, 1);
          for (Order order : Order.values()) {
            check(
                backend,
                new Product(format, Place.ODD, order, tokens, rows, columns, x, weight, null));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void everyHalfPrecisionNumber(String backend) {
    float[] weight = new float[1 << 16];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = Float.float16ToFloat((short) i);
    }
    int columns = 32;
    int rows = weight.length / columns;
    for (int tokens : new int[] {1, 2}) {
      // Columns are picked one at a time, so that each number is seen by itself.
      for (int picked : new int[] {0, 1, 30, 31}) {
        float[] x = new float[tokens * columns];
        x[picked] = 1;
        x[(tokens - 1) * columns + picked] = 1;
        float[] finite = weight.clone();
        for (int i = 0; i < finite.length; i++) {
          if (i % columns != picked && !Float.isFinite(finite[i])) {
            finite[i] = 0;
          }
        }
        for (Order order : Order.values()) {
          check(
              backend,
              new Product(
                  Format.F16, Place.ALIGNED, order, tokens, rows, columns, x, finite, null));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#compared")
  void nothingToDo(String backend) {
    Samples samples = new Samples(6);
    for (Order order : Order.values()) {
      check(
          backend,
          normal(samples, Format.BF16, Place.ALIGNED, order, 0, 5, 8),
          normal(samples, Format.BF16, Place.ALIGNED, order, 3, 5, 0),
          normal(samples, Format.F32, Place.ALIGNED, order, 1, 5, 0),
          normal(samples, Format.F32, Place.ALIGNED, order, 1, 0, 8));
    }
  }
}
