package org.vesalius.clinical.report;

/** A template that is not what a template should be. */
public final class ReportTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ReportTemplateException(String message) {
    super(message);
  }

  ReportTemplateException(String message, Throwable cause) {
    super(message, cause);
  }
}
