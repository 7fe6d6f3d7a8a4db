package org.vesalius.runtime.prompt.jinja;

import org.jspecify.annotations.Nullable;

/** A value with attributes of its own, such as {@code loop}. */
interface HasAttributes {
  @Nullable Object attribute(String name);
}
