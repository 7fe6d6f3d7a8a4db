package org.vesalius.runtime.generate;

import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.NumericalException;

/**
 * What a request wants to know after a step: nothing, the logits after its last token, or only a
 * token, the likeliest or one that is drawn, which spares a device the way of all logits to the
 * host. Belongs to one request, and is overwritten by every step.
 */
public final class StepResult {
  /** What is wanted. */
  enum Kind {
    NOTHING,
    LOGITS,
    LIKELIEST,
    DRAWN
  }

  /**
   * How a request draws tokens where steps compute.
   *
   * @param row of the history that is there
   */
  record Draw(Sampler sampler, StepSampling.Row row) {}

  private static final StepResult NOTHING = new StepResult(Kind.NOTHING, new float[0], null);

  private final Kind kind;
  private final float[] logits;
  private final @Nullable Draw draw;
  final int[] token = {-1};

  private StepResult(Kind kind, float[] logits, @Nullable Draw draw) {
    this.kind = kind;
    this.logits = logits;
    this.draw = draw;
  }

  /** Nothing. */
  public static StepResult nothing() {
    return NOTHING;
  }

  /** All logits, into an array as long as the vocabulary. */
  public static StepResult logits(float[] logits) {
    return new StepResult(Kind.LOGITS, logits, null);
  }

  /** The likeliest token. */
  public static StepResult likeliest() {
    return new StepResult(Kind.LIKELIEST, new float[0], null);
  }

  /** A token as a sampler wants it. */
  static StepResult drawn(Draw draw) {
    return new StepResult(Kind.DRAWN, new float[0], draw);
  }

  Kind kind() {
    return kind;
  }

  boolean wanted() {
    return kind != Kind.NOTHING;
  }

  /** Whether only a token is wanted. */
  boolean isToken() {
    return kind == Kind.LIKELIEST || kind == Kind.DRAWN;
  }

  float[] logits() {
    return logits;
  }

  /** How the token is drawn, if it is. */
  @Nullable Draw draw() {
    return draw;
  }

  /**
   * The token of the last step.
   *
   * @param position of the token, for the error
   * @throws NumericalException if a logit was not finite
   */
  int token(int position) {
    if (token[0] < 0) {
      throw new NumericalException(position);
    }
    return token[0];
  }
}
