package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses expressions, with Jinja's precedence and its rules for tuples without parentheses. */
final class ExpressionParser {
  /** Depth of nesting that is still parsed; real templates stay below 20. */
  static final int MAX_DEPTH = 150;

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private final TokenStream tokens;
  private final OperandParser operands;
  private int depth;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.operands = new OperandParser(tokens, this);
  }

  /** The parser of what stands between operators. */
  OperandParser operands() {
    return operands;
  }

  /** An expression, or a tuple when commas follow. */
  Expression tupleOrExpression(boolean conditional, @Nullable String endName) {
    return tuple(conditional, endName, false);
  }

  Expression tuple(boolean conditional, @Nullable String endName, boolean parentheses) {
    List<Expression> items = new ArrayList<>();
    boolean commas = false;
    while (!atTupleEnd(endName)) {
      items.add(conditional ? expression() : or());
      if (!tokens.skipOperator(",")) {
        break;
      }
      commas = true;
    }
    if (!commas && !items.isEmpty()) {
      return items.getFirst();
    }
    if (items.isEmpty() && !parentheses) {
      throw tokens.error("expected an expression, found '" + tokens.peek().describe() + "'");
    }
    return new Expression.TupleOf(items);
  }

  private boolean atTupleEnd(@Nullable String endName) {
    return tokens.isKind(Token.Kind.PRINT_END)
        || tokens.isKind(Token.Kind.TAG_END)
        || tokens.isOperator(")")
        || (endName != null && tokens.isName(endName));
  }

  Expression expression() {
    if (++depth > MAX_DEPTH) {
      throw tokens.error("expressions nested more than " + MAX_DEPTH + " levels deep");
    }
    int before = operands.unknownCount();
    Expression result = or();
    while (tokens.skipName("if")) {
      Expression condition = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      operands.forgiveUnknown(before);
      result = new Expression.Conditional(condition, result, otherwise);
    }
    depth--;
    return result;
  }

  private Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (tokens.isName("not")) {
      nest();
      tokens.next();
      Expression operand = not();
      depth--;
      return new Expression.Not(operand);
    }
    return compare();
  }

  private Expression compare() {
    Expression first = sum();
    List<Expression.Operand> rest = new ArrayList<>();
    while (true) {
      if (tokens.isKind(Token.Kind.OPERATOR) && COMPARISONS.contains(tokens.peek().text())) {
        String operator = tokens.next().text();
        rest.add(new Expression.Operand(operator, sum()));
      } else if (tokens.skipName("in")) {
        rest.add(new Expression.Operand("in", sum()));
      } else if (tokens.isName("not") && tokens.peekNext().is(Token.Kind.NAME, "in")) {
        tokens.next();
        tokens.next();
        rest.add(new Expression.Operand("not in", sum()));
      } else {
        return rest.isEmpty() ? first : new Expression.Compare(first, rest);
      }
    }
  }

  private Expression sum() {
    Expression left = concat();
    while (tokens.isOperator("+") || tokens.isOperator("-")) {
      String operator = tokens.next().text();
      left = new Expression.Binary(operator, left, concat());
    }
    return left;
  }

  private Expression concat() {
    Expression first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expression.Concat(parts);
  }

  private Expression product() {
    Expression left = power();
    while (tokens.isOperator("*")
        || tokens.isOperator("/")
        || tokens.isOperator("//")
        || tokens.isOperator("%")) {
      String operator = tokens.next().text();
      left = new Expression.Binary(operator, left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary(true);
    while (tokens.skipOperator("**")) {
      left = new Expression.Binary("**", left, unary(true));
    }
    return left;
  }

  private Expression unary(boolean filtered) {
    nest();
    Expression result;
    if (tokens.skipOperator("-")) {
      result = new Expression.Negative(unary(false));
    } else if (tokens.skipOperator("+")) {
      result = new Expression.Positive(unary(false));
    } else {
      result = operands.primary();
    }
    result = operands.postfix(result);
    depth--;
    return filtered ? operands.filtersAndTests(result) : result;
  }

  void nest() {
    if (++depth > MAX_DEPTH) {
      throw tokens.error("expressions nested more than " + MAX_DEPTH + " levels deep");
    }
  }

  void unnest() {
    depth--;
  }
}
