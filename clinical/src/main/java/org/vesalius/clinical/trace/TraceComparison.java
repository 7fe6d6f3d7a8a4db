package org.vesalius.clinical.trace;

import java.util.List;
import java.util.Optional;

/**
 * How a run that was repeated differs from its trace. Ids, times and durations are not compared,
 * nor are names of files; what was computed is compared to the bit where the same backend computed
 * it, and without log-probabilities where another did.
 *
 * @param notes what was another one beforehand, and may be why something differs: the backend, the
 *     software, the platform, the task
 * @param firstDifference in the order of the trace; empty where the run was reproduced
 */
public record TraceComparison(List<Difference> notes, Optional<Difference> firstDifference) {
  /** Copies the list. */
  public TraceComparison {
    notes = List.copyOf(notes);
  }

  /**
   * Something that is not the same.
   *
   * @param place such as {@code turn 2, token 17}
   * @param expected what the first trace has
   * @param found what the second has
   */
  public record Difference(String place, String expected, String found) {
    /** For people. */
    @Override
    public String toString() {
      return "%s: expected %s, found %s".formatted(place, expected, found);
    }
  }

  /** Compares what was found with what was expected. */
  public static TraceComparison of(DecisionTrace expected, DecisionTrace found) {
    return TraceDifferences.compare(expected, found);
  }

  /** The first difference alone. */
  public static Optional<Difference> firstDifference(DecisionTrace expected, DecisionTrace found) {
    return of(expected, found).firstDifference();
  }
}
