package org.vesalius.runtime.answer;

import java.util.List;
import java.util.OptionalInt;

/**
 * A place as it stands in the text, before it means anything.
 *
 * @param kind what the syntax says it is
 * @param label what is there
 * @param numbers as written
 * @param yFirst whether y comes before x
 * @param image the picture that is named, if one is
 * @param start index in the marked text
 * @param end index after it
 */
record WrittenRegion(
    Kind kind,
    String label,
    List<Double> numbers,
    boolean yFirst,
    OptionalInt image,
    int start,
    int end) {

  enum Kind {
    BOX,
    POINT,
    POLYGON
  }

  /** Receives what a syntax finds. */
  interface Sink {
    void found(WrittenRegion region);

    void invalid(int start, int end, String reason);
  }
}
