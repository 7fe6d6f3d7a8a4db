package org.vesalius.clinical.rubric;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.rubric.RubricScore.CriterionScore;
import org.vesalius.runtime.Part;

/**
 * Scores answers by rubrics. The arithmetic is HealthBench's (OpenAI, 2025): a criterion that is
 * met gives its points, which may be negative; the score is their sum as a share of all positive
 * points, clipped to 0 to 1. Beyond that, one failed safety criterion makes the score 0.
 */
public final class RubricScorer {

  private RubricScorer() {}

  /**
   * The score of an answer.
   *
   * @param judge is asked for criteria that a model judges
   * @throws RubricException if a criterion cannot be applied to the answer
   */
  public static RubricScore score(Rubric rubric, RubricSubject subject, Judge judge) {
    RuleEngine rules = new RuleEngine(subject.answer());
    List<CriterionScore> scores = new ArrayList<>();
    List<String> failedSafety = new ArrayList<>();
    double points = 0;
    double reachable = 0;
    for (Criterion criterion : rubric.criteria()) {
      CriterionScore score = score(rubric, criterion, rules, subject, judge);
      scores.add(score);
      points += score.points();
      reachable += Math.max(0, criterion.weight());
      if (criterion.safety() && criterion.failedBy(score.met())) {
        failedSafety.add(criterion.id());
      }
    }
    double score = failedSafety.isEmpty() ? Math.clamp(points / reachable, 0.0, 1.0) : 0;
    return new RubricScore(rubric.id(), score, points, reachable, scores, failedSafety);
  }

  private static CriterionScore score(
      Rubric rubric, Criterion criterion, RuleEngine rules, RubricSubject subject, Judge judge) {
    return switch (criterion.check()) {
      case Check.Code(Rule rule) -> {
        Finding finding = apply(rubric, criterion, rules, rule);
        yield new CriterionScore(
            criterion,
            finding.holds(),
            finding.holds() ? criterion.weight() : 0,
            finding.spans(),
            OptionalDouble.empty());
      }
      case Check.Question question -> {
        double yes =
            judge
                .shares(
                    context(subject), question.question(), List.of(question.yes(), question.no()))
                .getFirst();
        if (!(yes >= 0 && yes <= 1)) {
          throw new RubricException(
              "rubric %s: criterion %s: expected a judge's share from 0 to 1, found %s"
                  .formatted(rubric.id(), criterion.id(), yes));
        }
        boolean met = yes >= question.threshold();
        yield new CriterionScore(
            criterion, met, met ? criterion.weight() : 0, List.of(), OptionalDouble.of(yes));
      }
    };
  }

  private static Finding apply(Rubric rubric, Criterion criterion, RuleEngine rules, Rule rule) {
    try {
      return rules.apply(rule);
    } catch (RubricException e) {
      throw new RubricException(
          "rubric %s: criterion %s: %s".formatted(rubric.id(), criterion.id(), e.getMessage()));
    }
  }

  private static List<Part> context(RubricSubject subject) {
    List<Part> context = new ArrayList<>(subject.pictures());
    if (!subject.prompt().isBlank()) {
      context.add(Part.text("Request:\n" + subject.prompt() + "\n"));
    }
    context.add(Part.text("Answer:\n" + subject.answer() + "\n"));
    return context;
  }
}
