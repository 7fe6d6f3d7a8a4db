package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;

/** The binary operators of the language over all types. */
final class Operators {
  private static final int MAX_ITEMS = 1 << 20;

  private Operators() {}

  static boolean compare(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> Values.equal(left, right);
      case "!=" -> !Values.equal(left, right);
      case "in" -> Values.contains(right, left);
      case "not in" -> !Values.contains(right, left);
      default -> Values.ordered(operator, left, right);
    };
  }

  static Object binary(Evaluator evaluator, String operator, Object left, Object right) {
    if (operator.equals("%") && left instanceof Text format) {
      return evaluator.budget().makes(PercentFormat.format(format, right));
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object number = Numbers.arithmetic(operator, left, right);
    if (number != null) {
      return number;
    }
    return evaluator
        .budget()
        .makes(
            switch (operator) {
              case "+" -> add(left, right);
              case "*" ->
                  Numbers.isInteger(left)
                      ? repeat(right, left, operator)
                      : repeat(left, right, operator);
              default -> throw unsupported(operator, left, right);
            });
  }

  private static Object add(Object left, Object right) {
    if (left instanceof Text a) {
      if (right instanceof Text b) {
        return new TextBuilder().append(a).append(b).toText();
      }
      throw new Problem(
          "can only concatenate str (not \"%s\") to str".formatted(Values.typeName(right)));
    }
    if (left instanceof ListValue a) {
      if (right instanceof ListValue b) {
        return new ListValue(join(a.items(), b.items()));
      }
      throw new Problem(
          "can only concatenate list (not \"%s\") to list".formatted(Values.typeName(right)));
    }
    if (left instanceof Sequence a && right instanceof Sequence b && !(b instanceof ListValue)) {
      return new Tuple(join(a.items(), b.items()));
    }
    throw unsupported("+", left, right);
  }

  private static List<Object> join(List<Object> a, List<Object> b) {
    checkSize((long) a.size() + b.size());
    List<Object> items = new ArrayList<>(a.size() + b.size());
    items.addAll(a);
    items.addAll(b);
    return items;
  }

  private static Object repeat(Object value, Object count, String operator) {
    if (!Numbers.isInteger(count)) {
      throw unsupported(operator, value, count);
    }
    int times = Math.max(0, Numbers.clamp(count));
    return switch (value) {
      case Text text -> new TextBuilder().repeat(text, times).toText();
      case ListValue list -> new ListValue(repeat(list.items(), times));
      case Sequence tuple -> new Tuple(repeat(tuple.items(), times));
      default -> throw unsupported(operator, value, count);
    };
  }

  private static List<Object> repeat(List<Object> items, int times) {
    checkSize((long) items.size() * times);
    List<Object> repeated = new ArrayList<>(items.size() * times);
    for (int i = 0; i < times && !items.isEmpty(); i++) {
      repeated.addAll(items);
    }
    return repeated;
  }

  static void checkSize(long items) {
    if (items > MAX_ITEMS) {
      throw new Problem("the template makes a list of more than " + MAX_ITEMS + " items");
    }
  }

  private static Problem unsupported(String operator, Object left, Object right) {
    return new Problem(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(operator, Values.typeName(left), Values.typeName(right)));
  }
}
