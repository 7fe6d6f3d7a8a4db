package org.vesalius.runtime.prompt.jinja;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A template that cannot be parsed, or a rendering that failed.
 *
 * <p>The message reads {@code name:line: what}. When the template itself refused its input by
 * {@code raise_exception}, the message is exactly the one the template gave, and {@link #raised()}
 * returns it.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String message;
  private final String template;
  private final int line;
  private final @Nullable String raised;

  /** A problem in line {@code line} (from 1; 0 where no line applies) of the named template. */
  public TemplateException(String template, int line, String problem) {
    this(template, line, problem, (String) null);
  }

  /** The same with the exception that led to it. */
  public TemplateException(String template, int line, String problem, Throwable cause) {
    this(template, line, problem, (String) null);
    initCause(cause);
  }

  TemplateException(String template, int line, String problem, @Nullable String raised) {
    this.message =
        raised != null ? raised : template + (line > 0 ? ":" + line : "") + ": " + problem;
    this.template = template;
    this.line = line;
    this.raised = raised;
  }

  /** {@code name:line: what}, or the template's own words. */
  @Override
  public String getMessage() {
    return message;
  }

  /** Name of the template, as given to {@link JinjaTemplate#parse}. */
  public String template() {
    return template;
  }

  /** Line in the template, from 1; 0 where no line applies. */
  public int line() {
    return line;
  }

  /** What the template passed to {@code raise_exception}, if that is how it ended. */
  public Optional<String> raised() {
    return Optional.ofNullable(raised);
  }
}
