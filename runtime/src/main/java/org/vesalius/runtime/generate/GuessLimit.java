package org.vesalius.runtime.generate;

import org.vesalius.runtime.ChatRequest;

/**
 * How long the next guess may be, from how good those before were: what wrong guesses cost is
 * bounded. The limit starts at {@value #FIRST}, doubles after a guess that was right as a whole,
 * and else falls to twice what was right, at least 1. After a guess with nothing right no guess is
 * made for some steps: 1, then twice as many each time, at most {@value #LONGEST_PAUSE}, until
 * something is right again. So text that cannot be guessed pays for one guess in every {@value
 * #LONGEST_PAUSE} steps in the end.
 */
final class GuessLimit {
  static final int FIRST = 8;
  static final int LONGEST_PAUSE = 64;

  private int most = FIRST;
  private int pause;
  private int nextPause = 1;

  /** How many tokens may be guessed at most. */
  int most() {
    return most;
  }

  /** Whether this step goes without a guess; each call counts as a step. */
  boolean pauses() {
    if (pause == 0) {
      return false;
    }
    pause--;
    return true;
  }

  /** Takes note of how good a guess was, see {@link Guesses#checked}. */
  void checked(int proposed, int accepted) {
    if (accepted == 0) {
      pause = nextPause;
      nextPause = Math.min(2 * nextPause, LONGEST_PAUSE);
      most = 1;
      return;
    }
    nextPause = 1;
    most =
        accepted == proposed
            ? Math.min(2 * most, ChatRequest.MAX_SPECULATIVE_TOKENS)
            : 2 * accepted;
  }
}
