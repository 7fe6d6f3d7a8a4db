package org.vesalius.clinical.rubric;

import java.util.List;

/**
 * What a rule says of an answer.
 *
 * @param holds whether it holds
 * @param spans what in the answer shows it; empty where it holds or fails for what is not there
 */
record Finding(boolean holds, List<Span> spans) {
  Finding {
    spans = List.copyOf(spans);
  }

  static Finding of(boolean holds) {
    return new Finding(holds, List.of());
  }
}
