package org.vesalius.clinical.rubric;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How an answer meets a rubric.
 *
 * @param rubric id
 * @param score 0 to 1: the points' share of what can be reached; 0 where a safety criterion failed
 * @param points sum of the weights of the criteria that are met, positive and negative
 * @param reachable sum of the positive weights
 * @param criteria in the rubric's order
 * @param failedSafety ids of the safety criteria that failed
 */
public record RubricScore(
    String rubric,
    double score,
    double points,
    double reachable,
    List<CriterionScore> criteria,
    List<String> failedSafety) {
  /** Copies the lists. */
  public RubricScore {
    criteria = List.copyOf(criteria);
    failedSafety = List.copyOf(failedSafety);
  }

  /**
   * How an answer meets a criterion.
   *
   * @param criterion which
   * @param met whether it does
   * @param points its weight if it does, else 0
   * @param spans of the answer that a rule found
   * @param probability of yes, where a model judged
   */
  public record CriterionScore(
      Criterion criterion,
      boolean met,
      double points,
      List<Span> spans,
      OptionalDouble probability) {
    /** Copies the list. */
    public CriterionScore {
      spans = List.copyOf(spans);
    }
  }
}
