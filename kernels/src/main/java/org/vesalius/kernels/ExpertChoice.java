package org.vesalius.kernels;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The choice of experts for backends that compute on the host, on one thread and in double
 * precision: it reads a few hundred numbers a token, and whoever chooses differently from the
 * definition computes something else. Not for several threads at once.
 */
public final class ExpertChoice {
  private double[] shares = new double[0];
  private int[] places = new int[0];

  /** {@link Kernels#route}, with shapes that have been checked. */
  public void choose(ExpertRouting routing, Tensor logits, boolean renormalise) {
    int experts = routing.experts();
    if (shares.length < experts) {
      shares = new double[experts];
      places = new int[experts + 1];
    }
    Arrays.fill(places, 0, experts + 1, 0);
    for (int t = 0; t < logits.rows(); t++) {
      softmax(logits, t);
      largest(routing, t);
      double total = renormalise ? 0 : 1;
      for (int k = 0; renormalise && k < routing.perToken(); k++) {
        total += shares[Contents.integer(routing.places(), k, t)];
      }
      for (int k = 0; k < routing.perToken(); k++) {
        int expert = Contents.integer(routing.places(), k, t);
        long at = 4 * ((long) k * routing.shares().stride() + t);
        float share = (float) (shares[expert] / total);
        routing.shares().data().set(ValueLayout.JAVA_FLOAT, at, share);
        places[expert + 1]++;
      }
    }
    group(routing, logits.rows());
  }

  private void softmax(Tensor logits, int token) {
    int experts = logits.columns();
    long at = 4L * token * logits.stride();
    double max = Double.NEGATIVE_INFINITY;
    for (int e = 0; e < experts; e++) {
      shares[e] = logits.data().get(ValueLayout.JAVA_FLOAT, at + 4L * e);
      max = Math.max(max, shares[e]);
    }
    double total = 0;
    for (int e = 0; e < experts; e++) {
      shares[e] = Math.exp(shares[e] - max);
      total += shares[e];
    }
    for (int e = 0; e < experts; e++) {
      shares[e] /= total;
    }
  }

  /** The experts with the largest shares in order, which wait where their places will be. */
  private void largest(ExpertRouting routing, int token) {
    Tensor chosen = routing.places();
    int found = 0;
    for (int e = 0; e < routing.experts(); e++) {
      int k = found;
      while (k > 0 && isLarger(e, Contents.integer(chosen, k - 1, token))) {
        k--;
      }
      if (k == routing.perToken()) {
        continue;
      }
      found = Math.min(routing.perToken(), found + 1);
      for (int i = found - 1; i > k; i--) {
        set(chosen, i, token, Contents.integer(chosen, i - 1, token));
      }
      set(chosen, k, token, e);
    }
  }

  private boolean isLarger(int expert, int other) {
    // The order of the definition, in which what is not a number comes last.
    return Double.compare(-shares[expert], -shares[other]) < 0;
  }

  private void group(ExpertRouting routing, int tokens) {
    for (int e = 0; e < routing.experts(); e++) {
      places[e + 1] += places[e];
      set(routing.starts(), 0, e, places[e]);
    }
    set(routing.starts(), 0, routing.experts(), places[routing.experts()]);
    for (int t = 0; t < tokens; t++) {
      for (int k = 0; k < routing.perToken(); k++) {
        int place = places[Contents.integer(routing.places(), k, t)]++;
        set(routing.rows(), 0, place, t);
        set(routing.places(), k, t, place);
      }
    }
  }

  private static void set(Tensor x, int row, int column, int value) {
    x.data().set(ValueLayout.JAVA_INT, 4 * ((long) row * x.stride() + column), value);
  }
}
