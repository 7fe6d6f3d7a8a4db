package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.NumericalException;

/**
 * What a request wants to know after a step: nothing, the logits after its last token, only a
 * token, the likeliest or one that is drawn, which spares a device the way of all logits to the
 * host, or hidden states. Where tokens were guessed, the same after each of them. Belongs to one
 * request, and is overwritten by every step.
 */
public final class StepResult {
  /** What is wanted. */
  enum Kind {
    NOTHING,
    LOGITS,
    LIKELIEST,
    DRAWN,
    HIDDEN
  }

  /**
   * How a request draws tokens where steps compute.
   *
   * @param row of the history that is there
   */
  record Draw(Sampler sampler, StepSampling.Row row) {}

  /**
   * What a request wants of hidden states after the decoder's final norm.
   *
   * @param lastOnly whether only that of the last token that goes in, instead of all
   * @param sink takes them, one after the other in the order of the tokens
   */
  record Hidden(boolean lastOnly, Consumer<float[]> sink) {}

  private static final StepResult NOTHING = new StepResult(Kind.NOTHING, new float[0], null, null);

  private final Kind kind;
  private final List<float[]> logits = new ArrayList<>();
  private final @Nullable Draw draw;
  private final @Nullable Hidden hidden;
  private int[] tokens = {-1};

  private StepResult(Kind kind, float[] logits, @Nullable Draw draw, @Nullable Hidden hidden) {
    this.kind = kind;
    this.logits.add(logits);
    this.draw = draw;
    this.hidden = hidden;
  }

  /** Nothing. */
  public static StepResult nothing() {
    return NOTHING;
  }

  /** All logits, into an array as long as the vocabulary. */
  public static StepResult logits(float[] logits) {
    return new StepResult(Kind.LOGITS, logits, null, null);
  }

  /** The likeliest token. */
  public static StepResult likeliest() {
    return new StepResult(Kind.LIKELIEST, new float[0], null, null);
  }

  /** A token as a sampler wants it. */
  static StepResult drawn(Draw draw) {
    return new StepResult(Kind.DRAWN, new float[0], draw, null);
  }

  /** Hidden states, each handed to a sink. */
  static StepResult hidden(Hidden hidden) {
    return new StepResult(Kind.HIDDEN, new float[0], null, hidden);
  }

  Kind kind() {
    return kind;
  }

  /** How many rows of logits are wanted where so many tokens are guessed. */
  int rows(int guesses) {
    return kind == Kind.NOTHING || kind == Kind.HIDDEN ? 0 : 1 + guesses;
  }

  /** What is wanted of hidden states, if anything. */
  @Nullable Hidden hidden() {
    return hidden;
  }

  /** Whether only a token is wanted. */
  boolean isToken() {
    return kind == Kind.LIKELIEST || kind == Kind.DRAWN;
  }

  /** The logits of a row. */
  float[] logits(int row) {
    while (logits.size() <= row) {
      logits.add(new float[logits.getFirst().length]);
    }
    return logits.get(row);
  }

  /** How the token is drawn, if it is. */
  @Nullable Draw draw() {
    return draw;
  }

  /** Takes the tokens of a step, one for each row, from {@code all}. */
  void takeTokens(int[] all, int from, int rows) {
    if (tokens.length < rows) {
      tokens = new int[rows];
    }
    System.arraycopy(all, from, tokens, 0, rows);
  }

  /**
   * The token of a row of the last step.
   *
   * @param position of the token, for the error
   * @throws NumericalException if a logit was not finite
   */
  int token(int row, int position) {
    if (tokens[row] < 0) {
      throw new NumericalException(position);
    }
    return tokens[row];
  }
}
