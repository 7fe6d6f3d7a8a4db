package org.vesalius.clinical.entities;

import java.util.List;

/**
 * A place in a text that names an entity, or several that have this name.
 *
 * <p>As JSON it is an object of these components, and its entities are objects of theirs: any data
 * binding for records writes and reads it, such as Jackson's {@code ObjectMapper} without modules.
 *
 * @param start where it begins in the text, in UTF-16 units
 * @param end where it ends, exclusive
 * @param text the matched form, as the text spells it
 * @param entities what it may be, at least one: preferred names before exact synonyms before looser
 *     ones, within a kind in the order of the dictionaries
 */
public record EntityTag(long start, long end, String text, List<TaggedEntity> entities) {
  /** Keeps a copy of the list. */
  public EntityTag {
    entities = List.copyOf(entities);
  }

  /** Whether more than one entity has this name. */
  public boolean ambiguous() {
    return entities.size() > 1;
  }

  /** Place and ids; the text may be a patient's. */
  @Override
  public String toString() {
    return "EntityTag["
        + start
        + ".."
        + end
        + ", "
        + entities.stream().map(TaggedEntity::id).toList()
        + "]";
  }
}
