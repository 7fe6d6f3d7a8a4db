package org.vesalius.runtime.prompt;

/** A part of a string, from {@code start} to before {@code end}, in UTF-16 units. */
public record TextRange(int start, int end) {
  /** Checks the order of the bounds. */
  public TextRange {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          "text range: expected 0 <= start <= end, found " + start + ", " + end);
    }
  }
}
