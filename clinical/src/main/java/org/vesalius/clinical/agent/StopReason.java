package org.vesalius.clinical.agent;

import java.util.Locale;

/** Why a run ended. */
public enum StopReason {
  /** The model answered and called no tool. */
  ANSWERED,
  /** Its answer was cut off, or it had not begun to answer when there was no room left. */
  LENGTH,
  /** Its answer did not change any more. */
  STABLE,
  /** It had had its turns. */
  TURN_LIMIT,
  /** It made the same call again and again. */
  REPEATED_CALLS,
  /** It wrote the same again and again. */
  REPETITION,
  /** The time was over. */
  TIME_LIMIT,
  /** What it was told did not fit the context any more. */
  CONTEXT_FULL,
  /** The caller ended it. */
  CANCELLED;

  /** As traces write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
