package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;

/**
 * Calls that are JSON objects without a mark: the whole answer where it begins like one, or what
 * stands in a fence. They are told from other JSON by their first key.
 *
 * @param text other answers
 * @param thoughts marks that begin reasoning
 * @param marks begin calls of another syntax, which is never written
 * @param keys the first keys of a call
 * @param fence begins a block in which calls may stand, empty for none
 * @param separator stands between calls: {@code ;}, or a comma in a list
 */
record UnmarkedCalls(
    FreeText text,
    List<String> thoughts,
    List<String> marks,
    List<String> keys,
    String fence,
    String separator)
    implements CallGrammar {
  private static final JsonGrammar JSON = new JsonGrammar(List.of());

  @Override
  public List<String> openings() {
    List<String> all = new ArrayList<>(marks);
    if (!fence.isEmpty() && !keys.isEmpty()) {
      all.add(fence);
    }
    return all;
  }

  @Override
  public Expression one(ToolDefinition tool) {
    return CallGrammar.object(tool, "parameters");
  }

  @Override
  public Expression only(List<ToolDefinition> tools) {
    Rule rule = new Rule("call");
    rule.define(any(tools));
    Expression call = new Reference(rule);
    if (separator.equals(",")) {
      return Expression.either(call, JSON.array(List.of(), call, 1, Expression.UNLIMITED));
    }
    Expression next =
        Expression.sequence(
            Expression.of(
                RegexParser.whole(separator + "[ \n]?", RegexParser.Dialect.ECMA, "between calls")),
            call);
    return Expression.sequence(call, new Repeat(next, 0, Expression.UNLIMITED));
  }

  /** What a reader takes for the beginning of calls. */
  private RegularExpression beginning() {
    String bracket = fence.isEmpty() ? "" : "(\\[\\s*)?";
    String objects = "\\s*" + bracket + "\\{\\s*\"(" + String.join("|", keys) + ")\"\\s*:";
    String python = fence.isEmpty() ? "" : "|\\s*\\[\\s*[A-Za-z_][\\w.]*\\(";
    return RegexParser.whole(objects + python, RegexParser.Dialect.ECMA, "calls");
  }

  private Dfa other(List<String> more) {
    List<String> never = new ArrayList<>(marks);
    never.addAll(more);
    Dfa other = text.without(never);
    if (keys.isEmpty()) {
      return other;
    }
    other = other.minus(text.startingWith(beginning()));
    if (!fence.isEmpty()) {
      other =
          other.minus(
              text.containing(
                  RegularExpression.sequence(RegularExpression.text(fence), beginning())));
    }
    return other;
  }

  @Override
  public Expression mixed(List<ToolDefinition> tools) {
    Expression calls = new Reference(rule(only(tools)));
    List<Expression> branches = new ArrayList<>(List.of(calls));
    Expression between = Expression.of(other(thoughts));
    if (fence.isEmpty()) {
      branches.add(between);
      for (String mark : marks) {
        branches.add(Expression.sequence(between, text.mark(mark), calls));
      }
    } else {
      Expression block =
          Expression.sequence(
              Expression.text(fence + "\n"), calls, Expression.text("\n```"), between);
      branches.add(Expression.sequence(between, new Repeat(block, 0, Expression.UNLIMITED)));
    }
    return new Choice(branches);
  }

  private static Rule rule(Expression body) {
    Rule rule = new Rule("calls");
    rule.define(body);
    return rule;
  }

  @Override
  public Expression none() {
    return Expression.of(other(List.of()));
  }
}
