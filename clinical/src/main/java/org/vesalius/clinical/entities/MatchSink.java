package org.vesalius.clinical.entities;

/** Takes matches as they are found. */
@FunctionalInterface
public interface MatchSink {
  /**
   * Takes a match.
   *
   * @param start where it begins in the text, in UTF-16 units
   * @param end where it ends, exclusive
   * @param form the number of the form, for {@link EntityTagger#entities(int)}
   */
  void match(long start, long end, int form);
}
