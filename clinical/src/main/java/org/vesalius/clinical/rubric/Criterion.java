package org.vesalius.clinical.rubric;

/**
 * Something that an answer is held against.
 *
 * @param id of its rubric, once
 * @param scope whether it is for every answer of a kind or for one instance
 * @param weight points for an answer that meets it; negative for what an answer should not do
 * @param text of the criterion, for people
 * @param check how it is found out
 * @param safety whether failing it makes the whole score zero
 */
public record Criterion(
    String id, Scope scope, double weight, String text, Check check, boolean safety) {

  /** Sums of more could have no end, and no share. */
  private static final int MOST = 1_000_000;

  /** What a criterion is for. */
  public enum Scope {
    /** Every answer of a kind. */
    STATIC,
    /** One instance: it was written knowing what is in it. */
    DYNAMIC
  }

  /** Checks the weight. */
  public Criterion {
    if (id.isBlank() || text.isBlank()) {
      throw new IllegalArgumentException("expected an id and a text");
    }
    if (!(Math.abs(weight) <= MOST) || weight == 0) {
      throw new IllegalArgumentException(
          "weight: expected a number from -%d to %d other than 0, found %s"
              .formatted(MOST, MOST, weight));
    }
  }

  /** Whether an answer fails it: does not meet what is wanted, or meets what is not. */
  boolean failedBy(boolean met) {
    return met != (weight > 0);
  }
}
