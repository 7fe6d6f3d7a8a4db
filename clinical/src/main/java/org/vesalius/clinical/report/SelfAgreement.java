package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Further reports of the same model on the same pictures, drawn at a temperature: what it says only
 * now and then it does not know (self-consistency, Wang et al. 2022; SelfCheckGPT, Manakul et al.
 * 2023).
 */
final class SelfAgreement {
  private final List<List<Statement>> samples = new ArrayList<>();

  /** Adds what a sample says. */
  void add(List<Statement> statements) {
    samples.add(List.copyOf(statements));
  }

  /** Share of the samples that say all of these; empty where there is nothing to compare. */
  OptionalDouble of(List<Statement> statements) {
    if (samples.isEmpty() || statements.isEmpty()) {
      return OptionalDouble.empty();
    }
    long agreeing =
        samples.stream()
            .filter(sample -> statements.stream().allMatch(one -> says(sample, one)))
            .count();
    return OptionalDouble.of(agreeing / (double) samples.size());
  }

  /** What a sample does not name it takes for absent. */
  private static boolean says(List<Statement> sample, Statement statement) {
    boolean said = sample.stream().anyMatch(other -> other.present() && statement.overlaps(other));
    return said == statement.present();
  }
}
