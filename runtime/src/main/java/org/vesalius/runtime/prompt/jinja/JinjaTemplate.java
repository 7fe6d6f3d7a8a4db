package org.vesalius.runtime.prompt.jinja;

import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parsed Jinja template, ready to render any number of times from any thread.
 *
 * <p>The language is what Hugging Face transformers gives chat templates: Jinja 3.1 in its
 * immutable sandbox with {@code trim_blocks} and {@code lstrip_blocks}, {@code break} and {@code
 * continue}, {@code generation} blocks, a {@code tojson} without HTML escaping, {@code
 * raise_exception} and {@code strftime_now}. Values follow Python's rules for truth, arithmetic,
 * slices, comparison and printing. Not offered, and refused by name: other templates ({@code
 * include}, {@code import}, {@code extends}, {@code block}), automatic escaping, and the filters
 * that only make sense for web pages.
 *
 * <p>Variables are strings, booleans, numbers, lists, maps in insertion order, and null; a {@link
 * Text} is a string whose origin is to be traced.
 */
public final class JinjaTemplate {
  private final String name;
  private final String source;
  private final List<Statement> statements;

  private JinjaTemplate(String name, String source, List<Statement> statements) {
    this.name = name;
    this.source = source;
    this.statements = statements;
  }

  /**
   * Parses a template.
   *
   * @param name for error messages, usually the file it came from
   * @throws TemplateException if it is not valid
   */
  public static JinjaTemplate parse(String source, String name) {
    try {
      return new JinjaTemplate(name, source, Parser.parse(source, name));
    } catch (StackOverflowError e) {
      throw new TemplateException(name, 0, "the template is nested too deeply", e);
    }
  }

  /** Name given to {@link #parse}. */
  public String name() {
    return name;
  }

  /** What was parsed. */
  public String source() {
    return source;
  }

  /**
   * Renders with the system's clock for {@code strftime_now}.
   *
   * @throws TemplateException if the template fails or refuses its input
   */
  public String render(Map<String, ? extends @Nullable Object> variables) {
    return render(variables, Clock.system(ZoneId.systemDefault()));
  }

  /** Renders with the given clock for {@code strftime_now}. */
  public String render(Map<String, ? extends @Nullable Object> variables, Clock clock) {
    return renderTraced(variables, clock).value();
  }

  /** Renders to a text that knows which of its characters came from which variable's origin. */
  public Text renderTraced(Map<String, ? extends @Nullable Object> variables, Clock clock) {
    Interpreter interpreter = new Interpreter(clock);
    try {
      return interpreter.render(statements, Values.variables(variables));
    } catch (Problem problem) {
      throw new TemplateException(name, interpreter.line(), problem.text(), problem.raised());
    } catch (StackOverflowError e) {
      // Values that a template nests inside each other are walked by recursion; nothing is shared
      // with the thread that could be left half done.
      throw new TemplateException(
          name, interpreter.line(), "the template or its values are nested too deeply", e);
    }
  }
}
