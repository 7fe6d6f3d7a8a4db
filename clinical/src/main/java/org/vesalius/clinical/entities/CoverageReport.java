package org.vesalius.clinical.entities;

import java.util.List;

/**
 * How a corpus covers a tree of entities. A record of records, lists and numbers, so any data
 * binding writes it as JSON.
 *
 * @param texts how many texts were counted
 * @param taggedTexts how many of them name an entity
 * @param matches how often a name was found
 * @param ambiguous how many of those may be more than one entity
 * @param all of all entities
 * @param levels of the entities of levels 1 to {@link EntityTree#LEVELS}
 * @param tail how many entities were named how often: as many numbers as {@link #RANGES}
 */
public record CoverageReport(
    long texts,
    long taggedTexts,
    long matches,
    long ambiguous,
    Share all,
    List<Share> levels,
    List<Long> tail) {

  /** Where the ranges of {@link #tail} begin: never, once, 2 to 9, 10 to 99, and so on. */
  public static final List<Long> RANGES = List.of(0L, 1L, 2L, 10L, 100L, 1000L);

  /** Keeps copies of the lists. */
  public CoverageReport {
    levels = List.copyOf(levels);
    tail = List.copyOf(tail);
  }

  /**
   * Some entities and how much of them was seen.
   *
   * @param entities how many there are
   * @param seen how many of them were named at least once
   * @param times how often they were named together
   */
  public record Share(int entities, int seen, long times) {}
}
