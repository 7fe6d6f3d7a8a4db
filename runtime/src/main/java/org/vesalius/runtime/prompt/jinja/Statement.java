package org.vesalius.runtime.prompt.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A piece of a template: text to copy, an expression to print, or a tag. */
sealed interface Statement {
  /** Text between tags. */
  record Data(Text text) implements Statement {}

  record Print(Expression value, int line) implements Statement {}

  record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record Branch(Expression condition, List<Statement> body, int line) {}

  record For(
      Target target,
      Expression items,
      @Nullable Expression condition,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise,
      int line)
      implements Statement {}

  record Assign(Target target, Expression value, int line) implements Statement {}

  /** {@code set} with a body, whose output, filtered, is the value. */
  record AssignBlock(
      Target target, Expression.@Nullable Filter filter, List<Statement> body, int line)
      implements Statement {}

  record MacroTag(MacroDefinition definition, int line) implements Statement {}

  /** A call whose {@code caller()} renders the body. */
  record CallBlock(Expression.Call call, MacroDefinition caller, int line) implements Statement {}

  record FilterBlock(Expression.Filter filter, List<Statement> body, int line)
      implements Statement {}

  record With(List<Target> targets, List<Expression> values, List<Statement> body, int line)
      implements Statement {}

  /** {@code generation}: what the assistant says; rendered like any block with its own scope. */
  record Generation(List<Statement> body) implements Statement {}

  record Break() implements Statement {}

  record Continue() implements Statement {}

  /**
   * Name, parameters and body of a macro; the flags say which special names the body reads.
   *
   * @param defaults of the last parameters
   */
  record MacroDefinition(
      String name,
      List<String> parameters,
      List<Expression> defaults,
      List<Statement> body,
      boolean readsCaller,
      boolean readsKwargs,
      boolean readsVarargs) {}

  /** What can stand on the left of an assignment. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record Attribute(String namespace, String name) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}
  }
}
