package org.vesalius.runtime.prompt.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values of one call: those without and those with a name. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object... positional) {
    return new Arguments(List.of(positional), Map.of());
  }

  /** The same without the first {@code count} positional values. */
  Arguments skip(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }

  Arguments without(String... names) {
    Map<String, Object> rest = new LinkedHashMap<>(named);
    for (String name : names) {
      rest.remove(name);
    }
    return new Arguments(positional, rest);
  }
}
