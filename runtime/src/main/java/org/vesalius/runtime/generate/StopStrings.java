package org.vesalius.runtime.generate;

import java.util.List;

/**
 * Ends a stream of text where one of several strings occurs, also across pieces. Text that may be
 * the beginning of a stop string is held back until it is clear.
 */
final class StopStrings {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopStrings(List<String> stops) {
    this.stops = stops;
  }

  /** Whether a stop string has occurred. */
  boolean stopped() {
    return stopped;
  }

  /** Takes the next piece; returns what is certainly before any stop string. */
  String append(String piece) {
    if (stopped) {
      return "";
    }
    if (stops.isEmpty()) {
      return piece;
    }
    held.append(piece);
    int first = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    if (first >= 0) {
      stopped = true;
      held.setLength(first);
      return take(first);
    }
    return take(held.length() - heldBack());
  }

  /** Ends the stream; returns what was held back. */
  String finish() {
    return stopped ? "" : take(held.length());
  }

  /** Length of the longest tail that begins a stop string. */
  private int heldBack() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (stop.startsWith(held.substring(held.length() - length))) {
          longest = length;
          break;
        }
      }
    }
    return longest;
  }

  private String take(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    return text;
  }
}
