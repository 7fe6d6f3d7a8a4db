package org.vesalius.clinical.entities;

/**
 * An entity that a place in a text may name.
 *
 * @param id its id
 * @param name its preferred name
 * @param kind which of its names stands there
 * @param level its level in the tree, 1 to {@link EntityTree#LEVELS}
 */
public record TaggedEntity(String id, String name, NameKind kind, int level) {}
