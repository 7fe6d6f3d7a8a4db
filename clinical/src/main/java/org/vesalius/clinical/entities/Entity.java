package org.vesalius.clinical.entities;

import java.util.List;

/**
 * One entity of an {@link EntityTree}: a disease, a finding, a part of the body, whatever its
 * dictionary lists.
 *
 * @param id the dictionary's id, such as {@code DOID:3770}
 * @param name the preferred name
 * @param synonyms the other names, closest kind first, in the dictionary's order within a kind
 * @param parents ids of the entities right above it, in the dictionary's order; none for a root
 * @param level 1 for a root, else one more than the least level among its parents, and at most
 *     {@link EntityTree#LEVELS}
 */
public record Entity(
    String id, String name, List<EntityName> synonyms, List<String> parents, int level) {
  /** Keeps copies of the lists. */
  public Entity {
    synonyms = List.copyOf(synonyms);
    parents = List.copyOf(parents);
  }
}
