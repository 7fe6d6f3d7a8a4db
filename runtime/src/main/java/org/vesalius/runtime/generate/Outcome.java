package org.vesalius.runtime.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.FinishReason;

/**
 * What a request's steps are for: an answer, the likelihood of one, or an embedding. Handed from
 * the thread that runs steps to the one that asked; not thread-safe.
 */
interface Outcome {

  /**
   * What a step has to find out.
   *
   * @param last whether all tokens that there are go in, so that the next one may be asked for
   */
  StepResult result(boolean last);

  /**
   * Takes the next token, or the end, from a row of the last step's result.
   *
   * @return why the request has ended, or null if it has not
   * @throws org.vesalius.runtime.NumericalException if what the model computed is not finite
   */
  @Nullable FinishReason take(int row);

  /** The tokens that have come after the prompt. */
  List<Integer> ids();

  /** Who guesses the tokens that come next. */
  Guesses guesses();

  /** How many tokens may be guessed at the moment; 0 or less for none. */
  int mostGuesses();

  /** When the first token was there, by {@link System#nanoTime}; 0 before. */
  long firstTokenNanos();

  /** The request has given up its pages, and all its tokens will go in again. */
  default void restart() {}
}
