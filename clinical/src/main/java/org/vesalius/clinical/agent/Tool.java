package org.vesalius.clinical.agent;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that a model may ask for. Called on a thread of its own, which is interrupted when the
 * call has run out of time; what it throws is told to the model as a failure and never ends the
 * run. Must be safe for use by several threads, since runs may share it.
 */
public interface Tool {

  /** Its name: letters, digits and underscores, at most 64. */
  String name();

  /** What it does and when to use it, for the model. */
  String description();

  /**
   * Its arguments as JSON Schema of an object, as parsed JSON. Arguments are checked against it
   * before the tool is called; which keywords may be used is in {@code docs/structured-output.md}.
   */
  Map<String, Object> parameters();

  /**
   * Does it.
   *
   * @param context the pictures of the run and its limits
   * @param arguments parsed JSON that the schema allows
   * @throws ToolException with a sentence for the model, where it cannot do what it was asked
   * @throws Exception where it failed otherwise
   */
  ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) throws Exception;
}
