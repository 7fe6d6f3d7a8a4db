package org.vesalius.runtime.prompt.jinja;

import java.util.List;

/** A list or a tuple: something with numbered items that never change. */
sealed interface Sequence permits ListValue, Tuple, Group {
  List<Object> items();
}
