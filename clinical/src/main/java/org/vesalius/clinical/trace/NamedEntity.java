package org.vesalius.clinical.trace;

/**
 * An entity of a dictionary that a text names. Where a name means several entities, each of them
 * has the same span.
 *
 * @param id of the dictionary, such as {@code DOID:3770}
 * @param name preferred name
 * @param start where it begins in the text, in UTF-16 units
 * @param end where it ends, exclusive
 */
public record NamedEntity(String id, String name, int start, int end) {
  /** Checks the span. */
  public NamedEntity {
    if (id.isEmpty() || start < 0 || end <= start) {
      throw new IllegalArgumentException(
          "entity: expected an id and a span that is not empty, found %d to %d"
              .formatted(start, end));
    }
  }
}
