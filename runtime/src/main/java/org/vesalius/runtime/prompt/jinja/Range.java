package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;

/** {@code range(start, stop, step)}. */
record Range(long start, long stop, long step) {
  /** The same limit as the reference's sandbox. */
  static final long MAX_LENGTH = 100_000;

  long length() {
    if (step > 0 ? start >= stop : start <= stop) {
      return 0;
    }
    return (Math.abs(stop - start) - 1) / Math.abs(step) + 1;
  }

  List<Object> items() {
    List<Object> items = new ArrayList<>();
    for (long i = 0; i < length(); i++) {
      items.add(start + i * step);
    }
    return items;
  }
}
