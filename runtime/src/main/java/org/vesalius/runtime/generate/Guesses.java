package org.vesalius.runtime.generate;

import org.vesalius.runtime.DraftAcceptance;

/**
 * Guesses what comes next in a sequence. Guesses are checked by the model itself, so they change
 * how fast tokens come, and never which (Leviathan et al. 2023). One per request, not thread-safe.
 */
interface Guesses {
  /** No guess at all. */
  Guesses NONE = _ -> new int[0];

  /**
   * Guesses the next tokens; to be followed by {@link #checked} where there are any.
   *
   * @param most how many at most
   * @return the guess, often empty
   */
  int[] propose(int most);

  /** Takes the next token of the sequence, for who wants to know. */
  default void add(int id) {}

  /**
   * Takes note of how good a guess was, for who wants to know.
   *
   * @param proposed tokens of it that were checked, at least 1
   * @param accepted how many of them, from the first on, came indeed
   */
  default void checked(int proposed, int accepted) {}

  /** Gives back what it holds; it can go on, from nothing. */
  default void release() {}

  /** How good all guesses were that a user wants to know of. */
  default DraftAcceptance acceptance() {
    return DraftAcceptance.NONE;
  }
}
