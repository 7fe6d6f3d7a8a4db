package org.vesalius.runtime.prompt.jinja;

import org.jspecify.annotations.Nullable;

/** The arguments of one call in the order of the parameters; those not given are absent. */
final class Bound {
  private final Arguments all;
  private final @Nullable Object[] values;

  Bound(Arguments all, @Nullable Object[] values) {
    this.all = all;
    this.values = values;
  }

  /** The arguments as they were given. */
  Arguments all() {
    return all;
  }

  boolean has(int index) {
    return values[index] != null;
  }

  /** True when the argument is given and not {@code none}. */
  boolean given(int index) {
    return has(index) && values[index] != None.NONE;
  }

  Object get(int index) {
    Object value = values[index];
    if (value == null) {
      throw new Problem("missing argument " + (index + 1));
    }
    return value;
  }

  Object get(int index, Object otherwise) {
    Object value = values[index];
    return value == null ? otherwise : value;
  }

  /** A string, and nothing else. */
  Text text(int index) {
    Object value = get(index);
    if (value instanceof Text text) {
      return text;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw new Problem("expected a string, found " + Values.typeName(value));
  }

  /** A string where one is given; otherwise or for {@code none} the default. */
  Text text(int index, Text otherwise) {
    return given(index) ? text(index) : otherwise;
  }

  int integer(int index, int otherwise) {
    return has(index) ? integer(index) : otherwise;
  }

  int integer(int index) {
    Object value = get(index);
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    return Numbers.clamp(value);
  }

  boolean flag(int index) {
    Object value = values[index];
    return value != null && Values.truth(value);
  }
}
