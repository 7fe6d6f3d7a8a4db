package org.vesalius.clinical.entities;

/**
 * A name of an entity as its dictionary spells it.
 *
 * @param text the name, without white space around it
 * @param kind what the name is to the entity
 */
public record EntityName(String text, NameKind kind) {}
