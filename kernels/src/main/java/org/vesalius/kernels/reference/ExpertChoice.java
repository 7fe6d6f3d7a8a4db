package org.vesalius.kernels.reference;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Tensor;

/** The definition of {@link org.vesalius.kernels.Kernels#route}. */
final class ExpertChoice {
  private final ExpertRouting routing;
  private final Tensor logits;

  ExpertChoice(ExpertRouting routing, Tensor logits) {
    this.routing = routing;
    this.logits = logits;
  }

  void choose(boolean renormalise) {
    int tokens = logits.rows();
    int[][] chosen = new int[tokens][];
    for (int t = 0; t < tokens; t++) {
      double[] shares = softmax(t);
      chosen[t] =
          IntStream.range(0, shares.length)
              .boxed()
              .sorted(Comparator.comparingDouble(e -> -shares[e]))
              .mapToInt(Integer::intValue)
              .limit(routing.perToken())
              .toArray();
      double total = renormalise ? Arrays.stream(chosen[t]).mapToDouble(e -> shares[e]).sum() : 1;
      for (int k = 0; k < chosen[t].length; k++) {
        set(routing.shares(), k, t, (float) (shares[chosen[t][k]] / total));
      }
    }
    group(chosen);
  }

  private void group(int[][] chosen) {
    int place = 0;
    for (int e = 0; e < routing.experts(); e++) {
      set(routing.starts(), 0, e, place);
      for (int t = 0; t < chosen.length; t++) {
        for (int k = 0; k < chosen[t].length; k++) {
          if (chosen[t][k] == e) {
            set(routing.rows(), 0, place, t);
            set(routing.places(), k, t, place);
            place++;
          }
        }
      }
    }
    set(routing.starts(), 0, routing.experts(), place);
  }

  private double[] softmax(int token) {
    double[] values = new double[logits.columns()];
    double max = Double.NEGATIVE_INFINITY;
    for (int e = 0; e < values.length; e++) {
      values[e] =
          logits.data().get(ValueLayout.JAVA_FLOAT, 4 * ((long) token * logits.stride() + e));
      max = Math.max(max, values[e]);
    }
    double total = 0;
    for (int e = 0; e < values.length; e++) {
      values[e] = Math.exp(values[e] - max);
      total += values[e];
    }
    for (int e = 0; e < values.length; e++) {
      values[e] /= total;
    }
    return values;
  }

  private static void set(Tensor x, int row, int column, int value) {
    x.data().set(ValueLayout.JAVA_INT, 4 * ((long) row * x.stride() + column), value);
  }

  private static void set(Tensor x, int row, int column, float value) {
    x.data().set(ValueLayout.JAVA_FLOAT, 4 * ((long) row * x.stride() + column), value);
  }
}
