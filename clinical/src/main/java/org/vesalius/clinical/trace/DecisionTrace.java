package org.vesalius.clinical.trace;

import java.util.List;

/**
 * What a run did: what was asked of which model, the pictures it saw, its steps in order, and the
 * claims of its answer with what carries them. Immutable.
 *
 * @param entries a {@link TraceEntry.Run} first, a {@link TraceEntry.Outcome} last, all others
 *     between in the order in which they came about
 */
public record DecisionTrace(List<TraceEntry> entries) {

  /** Copies the list and checks its ends. */
  public DecisionTrace {
    entries = List.copyOf(entries);
    boolean complete =
        entries.size() >= 2
            && entries.getFirst() instanceof TraceEntry.Run
            && entries.getLast() instanceof TraceEntry.Outcome;
    boolean once =
        entries.stream()
                .filter(e -> e instanceof TraceEntry.Run || e instanceof TraceEntry.Outcome)
                .count()
            == 2;
    if (!complete || !once) {
      throw new IllegalArgumentException(
          "trace: expected one run at its beginning and one outcome at its end");
    }
  }

  /** What was asked of whom. */
  public TraceEntry.Run run() {
    return (TraceEntry.Run) entries.getFirst();
  }

  /** How it ended. */
  public TraceEntry.Outcome outcome() {
    return (TraceEntry.Outcome) entries.getLast();
  }

  /** The pictures, by index. */
  public List<TraceEntry.Image> images() {
    return of(TraceEntry.Image.class);
  }

  /** The model's answers, by index. */
  public List<TraceEntry.Turn> turns() {
    return of(TraceEntry.Turn.class);
  }

  /** The steps, by index. */
  public List<TraceEntry.Step> steps() {
    return of(TraceEntry.Step.class);
  }

  /** The claims, by index. */
  public List<TraceEntry.Claim> claims() {
    return of(TraceEntry.Claim.class);
  }

  private <T extends TraceEntry> List<T> of(Class<T> kind) {
    return entries.stream().filter(kind::isInstance).map(kind::cast).toList();
  }
}
