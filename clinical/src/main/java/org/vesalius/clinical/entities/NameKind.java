package org.vesalius.clinical.entities;

/** What a name is to its entity, from the closest to the loosest. Tables and JSON have no scopes: their synonyms are exact. */
public enum NameKind {
  /** The one name that the entity is shown by. */
  PREFERRED,
  /** Means the same. */
  EXACT,
  /** Means something more special. */
  NARROW,
  /** Means something more general. */
  BROAD,
  /** Has to do with it. */
  RELATED
}
