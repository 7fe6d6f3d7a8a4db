package org.vesalius.clinical.rubric;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.runtime.Part;

/** Chooses among several answers of a model to one request by a rubric. */
public final class BestOfN {

  /**
   * An answer.
   *
   * @param answer its text
   * @param meanLogLikelihood natural logarithm, a mean over its tokens; decides between equal
   *     scores
   */
  public record Candidate(String answer, double meanLogLikelihood) {

    /** Refuses what is no number, which would be the best of all. */
    public Candidate {
      if (Double.isNaN(meanLogLikelihood)) {
        throw new IllegalArgumentException("mean log-likelihood: expected a number, found NaN");
      }
    }

    /** How long it is: the text may name a patient. */
    @Override
    public String toString() {
      return "Candidate[%d characters, %s]".formatted(answer.length(), meanLogLikelihood);
    }
  }

  /**
   * An answer with its score.
   *
   * @param index in the list that was given
   * @param candidate the answer
   * @param score by the rubric
   */
  public record Ranked(int index, Candidate candidate, RubricScore score) {}

  private BestOfN() {}

  /**
   * All answers, the best first: by score, then by mean log-likelihood, then in the order given.
   *
   * @param prompt that was asked
   * @param pictures that were shown
   * @throws RubricException if a criterion cannot be applied to an answer
   */
  public static List<Ranked> rank(
      Rubric rubric, List<Candidate> candidates, String prompt, List<Part> pictures, Judge judge) {
    List<Ranked> ranked = new ArrayList<>();
    for (Candidate candidate : candidates) {
      RubricSubject subject = new RubricSubject(candidate.answer(), prompt, pictures);
      ranked.add(new Ranked(ranked.size(), candidate, RubricScorer.score(rubric, subject, judge)));
    }
    ranked.sort(
        Comparator.comparingDouble((Ranked each) -> each.score().score())
            .thenComparingDouble(each -> each.candidate().meanLogLikelihood())
            .reversed()
            .thenComparingInt(Ranked::index));
    return List.copyOf(ranked);
  }
}
