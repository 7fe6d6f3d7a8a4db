package org.vesalius.clinical.entities;

/**
 * What was left out or adjusted while dictionaries were read.
 *
 * @param obsolete terms of OBO files that are marked obsolete, left out
 * @param looseSynonyms synonyms of a kind that was not asked for, left out
 * @param unnamed OBO terms without a name, which are named by their id
 * @param unknownParents references to parents that no dictionary has, left out
 * @param deeper entities below the fifth level, which count as of level five
 */
public record ReadingNotes(
    int obsolete, int looseSynonyms, int unnamed, int unknownParents, int deeper) {}
