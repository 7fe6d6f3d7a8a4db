package org.vesalius.runtime.prompt.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code groupby} yields: a pair with names. */
record Group(Object grouper, ListValue list) implements Sequence, HasAttributes {
  @Override
  public List<Object> items() {
    return List.of(grouper, list);
  }

  @Override
  public @Nullable Object attribute(String name) {
    return switch (name) {
      case "grouper" -> grouper;
      case "list" -> list;
      default -> null;
    };
  }
}
