package org.vesalius.clinical.rubric;

/** How it is found out whether an answer meets a criterion. */
public sealed interface Check permits Check.Code, Check.Question {

  /**
   * By a rule that runs as code.
   *
   * @param rule that holds for answers that meet the criterion
   */
  record Code(Rule rule) implements Check {}

  /**
   * By a model, which does not write: the criterion is met where it would rather say yes.
   *
   * @param question about the answer
   * @param yes the word for yes, in the question's language
   * @param no the word for no
   * @param threshold the share of {@code yes} in the probability of both words from which on the
   *     criterion is met
   */
  record Question(String question, String yes, String no, double threshold) implements Check {
    /** Checks the words and the threshold. */
    public Question {
      if (question.isBlank() || yes.isBlank() || no.isBlank() || yes.equals(no)) {
        throw new IllegalArgumentException("expected a question and two different words");
      }
      if (!(threshold > 0 && threshold < 1)) {
        throw new IllegalArgumentException(
            "threshold: expected a share between 0 and 1, found " + threshold);
      }
    }
  }
}
