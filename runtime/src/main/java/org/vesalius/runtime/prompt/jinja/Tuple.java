package org.vesalius.runtime.prompt.jinja;

import java.util.List;

/** A Python tuple. */
record Tuple(List<Object> items) implements Sequence {
  static Tuple of(Object... items) {
    return new Tuple(List.of(items));
  }
}
