package org.vesalius.clinical.rubric;

/**
 * A part of an answer that a rule found.
 *
 * @param start where it begins, in UTF-16 units
 * @param end where it ends, exclusive
 * @param text what stands there
 */
public record Span(int start, int end, String text) {

  /** Where it is: the text may name a patient. */
  @Override
  public String toString() {
    return "Span[%d..%d]".formatted(start, end);
  }
}
