package org.vesalius.runtime.prompt.jinja;

import org.jspecify.annotations.Nullable;

/**
 * What went wrong while a template ran, before it is known where; see {@link TemplateException}.
 */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String raised;

  Problem(String message) {
    this(message, null);
  }

  private Problem(String message, @Nullable String raised) {
    super(message, null, false, false);
    this.raised = raised;
  }

  /** The template called {@code raise_exception(message)}. */
  static Problem raised(String message) {
    return new Problem(message, message);
  }

  @Nullable String raised() {
    return raised;
  }

  String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
