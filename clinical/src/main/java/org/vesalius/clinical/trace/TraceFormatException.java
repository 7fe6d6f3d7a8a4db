package org.vesalius.clinical.trace;

/**
 * Thrown for a file that is no trace, and for a trace that no file can hold. The message names the
 * file and, where there is one, the line from 1; it never repeats what the file says of a patient.
 */
public final class TraceFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final String problem;

  TraceFormatException(String origin, int line, String problem) {
    super(origin + ":" + line + ": " + problem);
    this.line = line;
    this.problem = problem;
  }

  TraceFormatException(String origin, String problem) {
    super(origin + ": " + problem);
    this.line = 0;
    this.problem = problem;
  }

  /** Line of the file, from 1; 0 where it is none in particular. */
  public int line() {
    return line;
  }

  /** The message without the file and the line. */
  String problem() {
    return problem;
  }
}
