package org.vesalius.clinical.rubric;

import java.util.List;
import org.vesalius.runtime.Part;

/**
 * An answer with what it answers.
 *
 * @param answer text that is scored
 * @param prompt that was asked, for criteria that a model judges; may be empty
 * @param pictures that were shown, for the same
 */
public record RubricSubject(String answer, String prompt, List<Part> pictures) {
  private static final int MAX_LENGTH = 1 << 20;

  /** Copies the list and checks the length of the answer. */
  public RubricSubject {
    pictures = List.copyOf(pictures);
    if (answer.length() > MAX_LENGTH) {
      throw new RubricException(
          "expected an answer of at most %d characters, found %d"
              .formatted(MAX_LENGTH, answer.length()));
    }
  }

  /** How much there is: the texts may name a patient. */
  @Override
  public String toString() {
    return "RubricSubject[%d characters, %d pictures]".formatted(answer.length(), pictures.size());
  }
}
