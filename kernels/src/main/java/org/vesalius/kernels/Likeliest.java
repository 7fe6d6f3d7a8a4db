package org.vesalius.kernels;

import java.lang.foreign.ValueLayout;

/** {@link Kernels#argmax} for backends that compute on the host. */
public final class Likeliest {
  private Likeliest() {}

  /** The first largest number of each row; shapes have been checked. */
  public static void choose(Tensor out, Tensor x) {
    for (int r = 0; r < x.rows(); r++) {
      out.data().set(ValueLayout.JAVA_INT, 4L * r, largest(x, r));
    }
  }

  private static int largest(Tensor x, int row) {
    long at = 4L * row * x.stride();
    int best = -1;
    float largest = Float.NEGATIVE_INFINITY;
    // The sum of all numbers times zero is zero if and only if all are finite.
    float zero = 0;
    for (int c = 0; c < x.columns(); c++) {
      float value = x.data().get(ValueLayout.JAVA_FLOAT, at + 4L * c);
      zero += value * 0;
      if (value > largest) {
        largest = value;
        best = c;
      }
    }
    return zero == 0 ? best : -1;
  }
}
