package org.vesalius.clinical.entities;

import org.jspecify.annotations.Nullable;

/**
 * Thrown for a dictionary that is malformed or too large. The message names the file and, where
 * there is one, the line and the column in UTF-16 units, both from 1: {@code do.csv:12:5: ...}.
 */
public final class DictionaryFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DictionaryFormatException(String origin, String problem) {
    super(origin + ": " + problem);
  }

  DictionaryFormatException(String origin, long line, long column, String problem) {
    this(origin, line, column, problem, null);
  }

  DictionaryFormatException(
      String origin, long line, long column, String problem, @Nullable Throwable cause) {
    super(origin + ":" + line + ":" + column + ": " + problem, cause);
  }

  /** Some of a dictionary's own text, for a message. */
  static String quoted(String text) {
    String shown = text.length() > 60 ? text.substring(0, 60) + "..." : text;
    return "\"" + shown.replaceAll("\\p{Cntrl}", "?") + "\"";
  }
}
