package org.vesalius.clinical.report;

/**
 * A report that cannot be written in a form, or a text that holds no report. The message says what,
 * where, what was expected and what to do; it never holds what a report says of a patient.
 */
public final class ReportOutputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An error with its message. */
  public ReportOutputException(String message) {
    super(message);
  }

  /** An error with what caused it. */
  public ReportOutputException(String message, Throwable cause) {
    super(message, cause);
  }
}
