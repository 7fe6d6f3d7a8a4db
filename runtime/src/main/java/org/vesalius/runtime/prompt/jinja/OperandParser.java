package org.vesalius.runtime.prompt.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.prompt.jinja.Expression.CallArguments;
import org.vesalius.runtime.prompt.jinja.Expression.Named;

/** Parses what stands between operators: literals, names, members, calls, filters and tests. */
final class OperandParser {
  private static final Map<String, Object> CONSTANTS =
      Map.of(
          "true", true, "True", true, "false", false, "False", false, "none", None.NONE, "None",
          None.NONE);

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  // Names read since the innermost macro began; a macro accepts caller, kwargs and varargs only
  // when its body reads them.
  private Set<String> names = new HashSet<>();
  // Filters and tests that do not exist. The reference reports them at once, except where they
  // stand under a condition and may never run.
  private final List<TemplateException> unknown = new ArrayList<>();

  OperandParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Set<String> startNames() {
    Set<String> outer = names;
    names = new HashSet<>();
    return outer;
  }

  /** Ends what {@link #startNames} began; the inner names count for the outer scope too. */
  Set<String> endNames(Set<String> outer) {
    Set<String> inner = names;
    outer.addAll(inner);
    names = outer;
    return inner;
  }

  int unknownCount() {
    return unknown.size();
  }

  void forgiveUnknown(int from) {
    unknown.subList(from, unknown.size()).clear();
  }

  void reportUnknown() {
    if (!unknown.isEmpty()) {
      throw unknown.getFirst();
    }
  }

  Expression primary() {
    Token token = tokens.next();
    switch (token.kind()) {
      case NAME -> {
        Object constant = CONSTANTS.get(token.text());
        if (constant != null) {
          return new Expression.Literal(constant);
        }
        names.add(token.text());
        return new Expression.Name(token.text());
      }
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.isKind(Token.Kind.STRING)) {
          text.append(tokens.next().text());
        }
        return new Expression.Literal(Text.of(text.toString()));
      }
      case INTEGER -> {
        return new Expression.Literal(integer(token));
      }
      case REAL -> {
        return new Expression.Literal(Double.valueOf(token.text()));
      }
      default -> {}
    }
    return switch (token.kind() == Token.Kind.OPERATOR ? token.text() : "") {
      case "(" -> {
        Expression inner = expressions.tuple(true, null, true);
        tokens.expectOperator(")");
        yield inner;
      }
      case "[" -> new Expression.ListOf(items("]"));
      case "{" -> dict();
      default -> throw tokens.error("unexpected '" + token.describe() + "'", token.line());
    };
  }

  private Object integer(Token token) {
    String digits = token.text();
    if (digits.length() > 4300) {
      throw tokens.error("integer of more than 4300 digits", token.line());
    }
    return switch (digits.length() > 1 ? Character.toLowerCase(digits.charAt(1)) : '0') {
      case 'x' -> Numbers.narrow(new BigInteger(digits.substring(2), 16));
      case 'o' -> Numbers.narrow(new BigInteger(digits.substring(2), 8));
      case 'b' -> Numbers.narrow(new BigInteger(digits.substring(2), 2));
      default -> Numbers.narrow(new BigInteger(digits));
    };
  }

  private List<Expression> items(String end) {
    List<Expression> items = new ArrayList<>();
    while (!tokens.isOperator(end)) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.isOperator(end)) {
          break;
        }
      }
      items.add(expressions.expression());
    }
    tokens.next();
    return items;
  }

  private Expression dict() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.isOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.isOperator("}")) {
          break;
        }
      }
      keys.add(expressions.expression());
      tokens.expectOperator(":");
      values.add(expressions.expression());
    }
    tokens.next();
    return new Expression.DictOf(keys, values);
  }

  Expression postfix(Expression target) {
    Expression result = target;
    while (true) {
      if (tokens.skipOperator(".")) {
        result = member(result);
      } else if (tokens.skipOperator("[")) {
        result = new Expression.Item(result, subscript());
      } else if (tokens.isOperator("(")) {
        result = new Expression.Call(result, callArguments());
      } else {
        return result;
      }
    }
  }

  private Expression member(Expression target) {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> new Expression.Attribute(target, token.text());
      case INTEGER -> new Expression.Item(target, new Expression.Literal(integer(token)));
      default -> throw tokens.error("expected name or number after '.'", token.line());
    };
  }

  private Expression subscript() {
    List<Expression> indexes = new ArrayList<>();
    while (!tokens.isOperator("]")) {
      if (!indexes.isEmpty()) {
        tokens.expectOperator(",");
      }
      indexes.add(slice());
    }
    tokens.next();
    return indexes.size() == 1 ? indexes.getFirst() : new Expression.TupleOf(indexes);
  }

  private Expression slice() {
    Expression start = null;
    if (!tokens.isOperator(":")) {
      start = expressions.expression();
      if (!tokens.isOperator(":")) {
        return start;
      }
    }
    tokens.expectOperator(":");
    Expression stop = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    return new Expression.Slice(start, stop, step);
  }

  private @Nullable Expression bound() {
    boolean absent = tokens.isOperator(":") || tokens.isOperator("]") || tokens.isOperator(",");
    return absent ? null : expressions.expression();
  }

  CallArguments callArguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<Named> named = new ArrayList<>();
    Expression spread = null;
    Expression spreadNamed = null;
    boolean first = true;
    while (!tokens.isOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.isOperator(")")) {
          break;
        }
      }
      first = false;
      boolean allowed = spreadNamed == null;
      if (tokens.skipOperator("*")) {
        allowed &= spread == null;
        spread = expressions.expression();
      } else if (tokens.skipOperator("**")) {
        spreadNamed = expressions.expression();
      } else if (tokens.isKind(Token.Kind.NAME) && tokens.peekNext().is(Token.Kind.OPERATOR, "=")) {
        String name = tokens.next().text();
        tokens.next();
        allowed &= named.stream().noneMatch(other -> other.name().equals(name));
        named.add(new Named(name, expressions.expression()));
      } else {
        allowed &= spread == null && named.isEmpty();
        positional.add(expressions.expression());
      }
      if (!allowed) {
        throw tokens.error("arguments of a call are in the wrong order or given twice");
      }
    }
    tokens.next();
    return new CallArguments(positional, named, spread, spreadNamed);
  }

  Expression filtersAndTests(Expression input) {
    Expression result = input;
    while (true) {
      if (tokens.skipOperator("|")) {
        result = filter(result);
      } else if (tokens.isName("is")) {
        result = test(result);
      } else if (tokens.isOperator("(")) {
        result = new Expression.Call(result, callArguments());
      } else {
        return result;
      }
    }
  }

  /** The filters that follow {@code first}. */
  Expression.Filter moreFilters(Expression.Filter first) {
    Expression.Filter result = first;
    while (tokens.skipOperator("|")) {
      result = filter(result);
    }
    return result;
  }

  /** One filter, of the given input; null in a tag that filters its body. */
  Expression.Filter filter(@Nullable Expression input) {
    int line = tokens.line();
    String name = dottedName();
    CallArguments arguments = tokens.isOperator("(") ? callArguments() : CallArguments.NONE;
    if (!Filters.ALL.containsKey(name)) {
      unknown.add(tokens.error("no filter named '" + name + "'", line));
    }
    return new Expression.Filter(input, name, arguments);
  }

  private Expression test(Expression input) {
    tokens.expectName("is");
    boolean negated = tokens.skipName("not");
    int line = tokens.line();
    String name = dottedName();
    CallArguments arguments = CallArguments.NONE;
    if (tokens.isOperator("(")) {
      arguments = callArguments();
    } else if (startsOperand()) {
      if (tokens.isName("is")) {
        throw tokens.error("tests with 'is' cannot be chained");
      }
      expressions.nest();
      Expression operand = postfix(primary());
      expressions.unnest();
      arguments = new CallArguments(List.of(operand), List.of(), null, null);
    }
    if (!Tests.ALL.containsKey(name)) {
      unknown.add(tokens.error("no test named '" + name + "'", line));
    }
    Expression test = new Expression.Test(input, name, arguments);
    return negated ? new Expression.Not(test) : test;
  }

  private boolean startsOperand() {
    return switch (tokens.peek().kind()) {
      case NAME -> !Set.of("else", "or", "and").contains(tokens.peek().text());
      case STRING, INTEGER, REAL -> true;
      case OPERATOR -> tokens.isOperator("[") || tokens.isOperator("{");
      default -> false;
    };
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expect(Token.Kind.NAME, "a name").text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Token.Kind.NAME, "a name").text());
    }
    return name.toString();
  }
}
