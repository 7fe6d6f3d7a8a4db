package org.vesalius.clinical.report;

import java.util.List;
import java.util.OptionalDouble;

/**
 * A sentence of a report with what carries it. It is marked where nothing does; it is never taken
 * away.
 *
 * @param index from 0, over all sections
 * @param text as the model wrote it
 * @param points what it says, one or several
 * @param evidence regions and measurements that carry it, and quoted passages as background
 * @param contradictions what speaks against it, a sentence each
 * @param confidence mean probability of its tokens, geometric; empty where it was not written token
 *     by token
 * @param agreement share of further samples of the model that say the same; empty where none were
 *     drawn
 */
public record Sentence(
    int index,
    String text,
    List<KeyPoint> points,
    List<Evidence> evidence,
    List<String> contradictions,
    OptionalDouble confidence,
    OptionalDouble agreement) {
  /** Copies the lists. */
  public Sentence {
    points = List.copyOf(points);
    evidence = List.copyOf(evidence);
    contradictions = List.copyOf(contradictions);
  }

  /**
   * Whether something can be looked at that shows what it says: a place or a size. A passage of a
   * document is background, and shows nothing of a picture.
   */
  public boolean isGrounded() {
    return evidence.stream().anyMatch(one -> !(one instanceof Evidence.Quoted));
  }

  /** What became of it: the worst of its points, and unsupported where something contradicts it. */
  public Verdict verdict() {
    return contradictions.isEmpty() ? worst(points) : Verdict.UNSUPPORTED;
  }

  /** The worst of what became of some points; unchecked where there are none. */
  static Verdict worst(List<KeyPoint> points) {
    return points.stream().map(KeyPoint::verdict).min(Verdict::compareTo).orElse(Verdict.UNCHECKED);
  }

  /** What became of a sentence or of a point of it, the worst first. */
  public enum Verdict {
    /** The second look disagrees, or something contradicts it. */
    UNSUPPORTED,
    /** The second look is not sure enough either way: the report abstains from it. */
    UNCERTAIN,
    /** There was no way to look. */
    UNCHECKED,
    /** The second look agrees. */
    SUPPORTED
  }

  /**
   * Something that a sentence says.
   *
   * @param finding id of the template's finding, or empty for a statement that it does not know
   * @param statement in a sentence
   * @param present whether the sentence says that it is there or that it is not
   * @param question that the second look asked; empty where it did not
   * @param probability that the statement holds, by the second look; empty where it did not look
   * @param verdict what became of it
   * @param step index of the step in the trace; -1 for none
   */
  public record KeyPoint(
      String finding,
      String statement,
      boolean present,
      String question,
      OptionalDouble probability,
      Verdict verdict,
      int step) {}
}
