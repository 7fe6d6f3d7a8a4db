package org.vesalius.runtime.prompt.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vesalius.runtime.prompt.jinja.Expression.CallArguments;

/** Computes the value of expressions. */
final class Evaluator {
  private final Budget budget;
  private final Clock clock;

  Evaluator(Budget budget, Clock clock) {
    this.budget = budget;
    this.clock = clock;
  }

  Budget budget() {
    return budget;
  }

  Clock clock() {
    return clock;
  }

  Object evaluate(Expression expression, Scope scope) {
    budget.enter();
    try {
      return switch (expression) {
        case Expression.Literal literal -> literal.value();
        case Expression.Name name -> variable(name.name(), scope);
        case Expression.ListOf list -> budget.makes(new ListValue(all(list.items(), scope)));
        case Expression.TupleOf tuple -> budget.makes(new Tuple(all(tuple.items(), scope)));
        case Expression.DictOf dict -> budget.makes(dict(dict, scope));
        case Expression.Attribute attribute ->
            Members.attribute(evaluate(attribute.target(), scope), attribute.name());
        case Expression.Item item -> item(item, scope);
        case Expression.Slice _ -> throw new Problem("a slice outside of a subscript");
        case Expression.Call call -> call(call, scope, Map.of());
        case Expression.Filter filter -> {
          Expression input = filter.input();
          yield filter(filter, input == null ? Text.EMPTY : evaluate(input, scope), scope);
        }
        case Expression.Test test ->
            test(test.name(), evaluate(test.input(), scope), arguments(test.arguments(), scope));
        case Expression.Conditional choice -> conditional(choice, scope);
        case Expression.And and -> {
          Object left = evaluate(and.left(), scope);
          yield Values.truth(left) ? evaluate(and.right(), scope) : left;
        }
        case Expression.Or or -> {
          Object left = evaluate(or.left(), scope);
          yield Values.truth(left) ? left : evaluate(or.right(), scope);
        }
        case Expression.Not not -> !Values.truth(evaluate(not.operand(), scope));
        case Expression.Binary binary ->
            Operators.binary(
                this,
                binary.operator(),
                evaluate(binary.left(), scope),
                evaluate(binary.right(), scope));
        case Expression.Negative negative ->
            Numbers.negate(number("-", evaluate(negative.operand(), scope)));
        case Expression.Positive positive ->
            Numbers.plus(number("+", evaluate(positive.operand(), scope)));
        case Expression.Concat concat -> {
          TextBuilder out = new TextBuilder();
          concat.parts().forEach(part -> out.append(Printer.str(evaluate(part, scope))));
          yield budget.makes(out.toText());
        }
        case Expression.Compare compare -> compare(compare, scope);
      };
    } finally {
      budget.leave();
    }
  }

  private Object variable(String name, Scope scope) {
    Object value = scope.find(name);
    if (value == null) {
      value = Globals.ALL.get(name);
    }
    return value == null ? Undefined.name(name) : value;
  }

  private List<Object> all(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Dict dict(Expression.DictOf literal, Scope scope) {
    Dict dict = new Dict();
    for (int i = 0; i < literal.keys().size(); i++) {
      Object key = evaluate(literal.keys().get(i), scope);
      dict.put(key, evaluate(literal.values().get(i), scope));
    }
    return dict;
  }

  private Object item(Expression.Item item, Scope scope) {
    Object target = evaluate(item.target(), scope);
    if (!(item.index() instanceof Expression.Slice slice)) {
      return Members.item(target, evaluate(item.index(), scope));
    }
    Expression start = slice.start();
    Expression stop = slice.stop();
    Expression step = slice.step();
    return budget.makes(
        Slices.slice(
            target,
            start == null ? None.NONE : evaluate(start, scope),
            stop == null ? None.NONE : evaluate(stop, scope),
            step == null ? None.NONE : evaluate(step, scope)));
  }

  /** Calls with {@code extra} named arguments besides those written. */
  Object call(Expression.Call call, Scope scope, Map<String, Object> extra) {
    Object target = evaluate(call.target(), scope);
    Arguments arguments = arguments(call.arguments(), scope);
    if (!extra.isEmpty()) {
      Map<String, Object> named = new LinkedHashMap<>(arguments.named());
      named.putAll(extra);
      arguments = new Arguments(arguments.positional(), named);
    }
    return call(target, arguments);
  }

  private Object call(Object target, Arguments arguments) {
    return switch (target) {
      case Builtin.Method method -> {
        budget.reads(method.self());
        arguments.positional().forEach(budget::reads);
        yield budget.makes(method.call(this, arguments));
      }
      case Function function -> budget.makes(function.call(this, arguments));
      case Undefined undefined -> throw undefined.failure();
      default -> throw new Problem("'" + Values.typeName(target) + "' object is not callable");
    };
  }

  Arguments arguments(CallArguments written, Scope scope) {
    if (written.isEmpty()) {
      return Arguments.NONE;
    }
    List<Object> positional = all(written.positional(), scope);
    Map<String, Object> named = new LinkedHashMap<>();
    for (Expression.Named argument : written.named()) {
      named.put(argument.name(), evaluate(argument.value(), scope));
    }
    Expression spread = written.spread();
    if (spread != null) {
      positional.addAll(Values.list(evaluate(spread, scope)));
    }
    Expression spreadNamed = written.spreadNamed();
    if (spreadNamed != null) {
      if (!(evaluate(spreadNamed, scope) instanceof Dict dict)) {
        throw new Problem("argument after ** must be a mapping");
      }
      for (Dict.Entry entry : dict.entries()) {
        if (!(entry.key() instanceof Text key)) {
          throw new Problem("keywords must be strings");
        }
        if (named.put(key.value(), entry.value()) != null) {
          throw new Problem("got multiple values for keyword argument '" + key + "'");
        }
      }
    }
    return new Arguments(positional, named);
  }

  /** Applies a chain of filters as written; the innermost one without input gets {@code input}. */
  Object filterChain(Expression.Filter filter, Object input, Scope scope) {
    Expression inner = filter.input();
    Object value = inner instanceof Expression.Filter f ? filterChain(f, input, scope) : input;
    return filter(filter, value, scope);
  }

  private Object filter(Expression.Filter filter, Object input, Scope scope) {
    return filter(filter.name(), input, arguments(filter.arguments(), scope));
  }

  Object filter(String name, Object input, Arguments arguments) {
    Builtin filter = Filters.ALL.get(name);
    if (filter == null) {
      throw new Problem("No filter named '" + name + "'.");
    }
    budget.reads(input);
    return budget.makes(filter.call(this, input, arguments));
  }

  Object test(String name, Object input, Arguments arguments) {
    Builtin test = Tests.ALL.get(name);
    if (test == null) {
      throw new Problem("No test named '" + name + "'.");
    }
    budget.reads(input);
    return test.call(this, input, arguments);
  }

  private Object conditional(Expression.Conditional choice, Scope scope) {
    if (Values.truth(evaluate(choice.condition(), scope))) {
      return evaluate(choice.then(), scope);
    }
    Expression otherwise = choice.otherwise();
    return otherwise == null
        ? new Undefined(
            "the inline if-expression evaluated to false and no else section was defined")
        : evaluate(otherwise, scope);
  }

  private Object compare(Expression.Compare compare, Scope scope) {
    Object left = evaluate(compare.first(), scope);
    for (Expression.Operand operand : compare.rest()) {
      Object right = evaluate(operand.value(), scope);
      budget.reads(left);
      budget.reads(right);
      if (!Operators.compare(operand.operator(), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private static Object number(String operator, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!Numbers.isNumber(value)) {
      throw new Problem(
          "bad operand type for unary %s: '%s'".formatted(operator, Values.typeName(value)));
    }
    return value;
  }
}
