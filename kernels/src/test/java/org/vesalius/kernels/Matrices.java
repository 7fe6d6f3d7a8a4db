package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;

/** Tensors with content for contract tests, and comparisons. */
public final class Matrices {
  /** A number that BF16 holds too. */
  private static final float CANARY = 0x1.14p26f;

  private static final float SMALL_CANARY = 93;

  /** Columns of foreign content on each side of a view. */
  private static final int MARGIN = 4;

  private Matrices() {}

  /** A contiguous tensor. */
  public static Tensor of(Kernels kernels, int rows, int columns, float... values) {
    Tensor tensor = kernels.allocate(ElementType.F32, rows, columns);
    kernels.write(tensor, values);
    return tensor;
  }

  /** One row of integers. */
  public static Tensor integers(Kernels kernels, int... values) {
    return integerRows(kernels, 1, values.length, values);
  }

  /** A contiguous tensor of integers. */
  public static Tensor integerRows(Kernels kernels, int rows, int columns, int... values) {
    Tensor tensor = kernels.allocate(ElementType.I32, rows, columns);
    kernels.write(tensor, values);
    return tensor;
  }

  /** The content, row by row. */
  public static float[] read(Kernels kernels, Tensor tensor) {
    float[] values = new float[tensor.rows() * tensor.columns()];
    kernels.read(values, tensor);
    return values;
  }

  /** The integers, row by row. */
  public static int[] readIntegers(Kernels kernels, Tensor tensor) {
    // Bits are what is copied, whatever they stand for.
    Tensor bits =
        new Tensor(
            ElementType.F32, tensor.data(), tensor.rows(), tensor.columns(), tensor.stride());
    float[] values = read(kernels, bits);
    int[] integers = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      integers[i] = Float.floatToRawIntBits(values[i]);
    }
    return integers;
  }

  /** A tensor in the middle of a wider and longer one that holds a number which must survive. */
  public record Framed(Kernels kernels, Tensor whole, Tensor view) {

    /** A frame with content. */
    public static Framed of(Kernels kernels, int rows, int columns, float... values) {
      return of(kernels, ElementType.F32, rows, columns, values);
    }

    /** A frame with content of a type. */
    public static Framed of(
        Kernels kernels, ElementType type, int rows, int columns, float... values) {
      return of(kernels, type, MARGIN, rows, columns, values);
    }

    /** A frame before and after rows that follow each other. */
    public static Framed contiguous(
        Kernels kernels, ElementType type, int rows, int columns, float... values) {
      return of(kernels, type, 0, rows, columns, values);
    }

    private static Framed of(
        Kernels kernels, ElementType type, int margin, int rows, int columns, float... values) {
      int width = columns + 2 * margin;
      Tensor whole = kernels.allocate(type, rows + 2, width);
      float[] canaries = new float[(rows + 2) * width];
      Arrays.fill(canaries, canary(type));
      kernels.write(whole, canaries);
      Tensor view = whole.rows(1, rows).columns(margin, columns);
      if (values.length > 0) {
        kernels.write(view, values);
      }
      return new Framed(kernels, whole, view);
    }

    private static float canary(ElementType type) {
      return type == ElementType.I8 ? SMALL_CANARY : CANARY;
    }

    /** The content of the view, after checking that nothing around it was written. */
    public float[] read(String what) {
      float[] all = Matrices.read(kernels, whole);
      int width = whole.columns();
      float[] inner = new float[view.rows() * view.columns()];
      for (int i = 0; i < all.length; i++) {
        int r = i / width - 1;
        int c = i % width - (width - view.columns()) / 2;
        if (r >= 0 && r < view.rows() && c >= 0 && c < view.columns()) {
          inner[r * view.columns() + c] = all[i];
        } else {
          assertEquals(
              canary(whole.type()),
              all[i],
              what + ": written outside at row " + r + ", column " + c);
        }
      }
      return inner;
    }

    /** Fails if anything but the canary is in the view. */
    public void assertUntouched(String what) {
      for (float value : read(what)) {
        assertEquals(canary(whole.type()), value, what + ": half written");
      }
    }
  }

  /** The allowed error of one element. */
  @FunctionalInterface
  public interface Allowed {
    /** The allowed absolute error of element {@code i}. */
    double at(int i);
  }

  /** Fails where {@code actual} is farther from {@code expected} than allowed. */
  public static void assertClose(String what, float[] expected, float[] actual, Allowed allowed) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      if (Float.compare(expected[i], actual[i]) == 0 || expected[i] == actual[i]) {
        continue;
      }
      double error = Math.abs((double) actual[i] - expected[i]);
      if (!(error <= allowed.at(i))) {
        fail(
            what
                + ": at "
                + i
                + " expected "
                + expected[i]
                + " within "
                + allowed.at(i)
                + ", found "
                + actual[i]
                + " (off by "
                + error
                + ")");
      }
    }
  }

  /** Fails where the bits differ; all NaNs are one. */
  public static void assertIdentical(String what, float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        fail(what + ": at " + i + " expected exactly " + expected[i] + ", found " + actual[i]);
      }
    }
  }

  /** {@code x * weightᵀ + bias} in framed memory; of an empty bias none. */
  static float[] linear(Kernels kernels, Weight weight, float[] x, float[] bias, String what) {
    int tokens = x.length / weight.columns();
    Framed out = Framed.of(kernels, tokens, weight.rows());
    Framed in = Framed.of(kernels, tokens, weight.columns(), x);
    Tensor added = bias.length == 0 ? null : of(kernels, 1, weight.rows(), bias);
    kernels.linear(out.view(), in.view(), kernels.place(weight), added);
    return out.read(what);
  }
}
