package org.vesalius.clinical.entities;

/** Which of the names that stand in a text are tagged. */
public enum MatchPolicy {
  /**
   * From left to right: of the names that begin at the first possible word the longest, then on
   * behind it. Tags never overlap and come in the order of the text.
   */
  LEFTMOST_LONGEST,
  /**
   * Every one, also those inside others. Tags come in the order of their ends, longer ones first.
   */
  ALL
}
