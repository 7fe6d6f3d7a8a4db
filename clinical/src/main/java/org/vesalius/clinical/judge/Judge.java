package org.vesalius.clinical.judge;

import java.util.Collections;
import java.util.List;
import org.vesalius.runtime.Part;

/** Weighs given answers to a question. */
public interface Judge {

  /**
   * How the answers share the probability of being given.
   *
   * @param context pictures and texts before the question
   * @param question what is asked
   * @param answers at least two, each different
   * @return for each answer the natural logarithm of its probability, in the same order
   */
  List<Double> logLikelihoods(List<? extends Part> context, String question, List<String> answers);

  /**
   * The same as shares that sum to 1, which compares answers of different length fairly only if
   * they are equally likely beforehand.
   */
  default List<Double> shares(List<? extends Part> context, String question, List<String> answers) {
    return shares(logLikelihoods(context, question, answers));
  }

  /** Probabilities that sum to 1, of natural logarithms that need not; equal where all are 0. */
  static List<Double> shares(List<Double> logarithms) {
    double largest = logarithms.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    if (largest == Double.NEGATIVE_INFINITY) {
      return Collections.nCopies(logarithms.size(), 1.0 / logarithms.size());
    }
    double sum = logarithms.stream().mapToDouble(value -> Math.exp(value - largest)).sum();
    return logarithms.stream().map(value -> Math.exp(value - largest) / sum).toList();
  }
}
