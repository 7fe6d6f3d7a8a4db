package org.vesalius.clinical.entities;

import java.util.List;

/**
 * What a name is to its entity, from the closest to the loosest. Tables and JSON have no scopes:
 * their synonyms are exact.
 */
public enum NameKind {
  /** The one name that the entity is shown by. */
  PREFERRED(0),
  /** Means the same. */
  EXACT(1),
  /** Means something more special. */
  NARROW(2),
  /** Means something more general. */
  BROAD(3),
  /** Has to do with it. */
  RELATED(4);

  private static final List<NameKind> ALL = List.of(values());

  private final int code;

  NameKind(int code) {
    this.code = code;
  }

  /** Three bits that mean this kind; closer kinds are less. */
  int code() {
    return code;
  }

  /** The kind that three bits mean. */
  static NameKind of(int code) {
    return ALL.get(code);
  }

  static List<NameKind> all() {
    return ALL;
  }
}
