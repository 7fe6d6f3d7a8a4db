package org.vesalius.runtime.generate;

import org.vesalius.runtime.NumericalException;

/**
 * What a request wants to know after a step: nothing, the logits after its last token, or only the
 * likeliest token, which spares a device the way of all the others to the host. Belongs to one
 * request, and is overwritten by every step.
 */
public final class StepResult {
  private static final StepResult NOTHING = new StepResult(false, new float[0]);

  private final boolean wanted;
  private final float[] logits;
  final int[] token = {-1};

  private StepResult(boolean wanted, float[] logits) {
    this.wanted = wanted;
    this.logits = logits;
  }

  /** Nothing. */
  public static StepResult nothing() {
    return NOTHING;
  }

  /** All logits, into an array as long as the vocabulary. */
  public static StepResult logits(float[] logits) {
    return new StepResult(true, logits);
  }

  /** The likeliest token. */
  public static StepResult likeliest() {
    return new StepResult(true, new float[0]);
  }

  boolean wanted() {
    return wanted;
  }

  /** Whether only the likeliest token is wanted. */
  boolean isToken() {
    return wanted && logits.length == 0;
  }

  float[] logits() {
    return logits;
  }

  /**
   * The likeliest token of the last step, of equal ones the first.
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
