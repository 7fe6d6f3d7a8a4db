package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;

/**
 * Calls that a mark begins wherever it stands.
 *
 * @param text what stands between calls
 * @param thoughts marks that begin reasoning, in which no call counts
 * @param opening the mark
 * @param call one call of a tool, mark included
 */
record MarkedCalls(
    FreeText text, List<String> thoughts, String opening, Function<ToolDefinition, Expression> call)
    implements CallGrammar {

  /** A line break that may be left out. */
  static final Expression LINE = Expression.optional(Expression.text("\n"));

  @Override
  public List<String> openings() {
    return List.of(opening);
  }

  @Override
  public Expression one(ToolDefinition tool) {
    return call.apply(tool);
  }

  @Override
  public Expression only(List<ToolDefinition> tools) {
    Rule rule = new Rule("call");
    rule.define(any(tools));
    Expression next = Expression.sequence(LINE, new Reference(rule));
    return Expression.sequence(new Reference(rule), new Repeat(next, 0, Expression.UNLIMITED));
  }

  @Override
  public Expression mixed(List<ToolDefinition> tools) {
    List<String> marks = new ArrayList<>(thoughts);
    marks.add(opening);
    Expression between = Expression.of(text.without(marks));
    return Expression.sequence(
        between, new Repeat(Expression.sequence(any(tools), between), 0, Expression.UNLIMITED));
  }

  @Override
  public Expression none() {
    return Expression.of(text.without(List.of(opening)));
  }
}
