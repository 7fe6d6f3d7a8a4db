package org.vesalius.runtime.prompt.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The variables of a template, loop body, macro or block; assignments stay in the innermost one.
 */
final class Scope {
  private final @Nullable Scope outer;
  private final Map<String, Object> variables;

  /** The outermost scope, over the variables given to the template. */
  Scope(Map<String, Object> variables) {
    this.outer = null;
    this.variables = new HashMap<>(variables);
  }

  Scope(Scope outer) {
    this.outer = outer;
    this.variables = new HashMap<>();
  }

  @Nullable Object find(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
