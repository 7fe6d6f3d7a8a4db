package org.vesalius.runtime.prompt.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** The tests behind {@code is}, one entry each. */
final class Tests {
  static final Map<String, Builtin> ALL = tests();

  private Tests() {}

  private static Map<String, Builtin> tests() {
    Map<String, Builtin> all = new HashMap<>();
    of(all, "defined", v -> !(v instanceof Undefined));
    of(all, "undefined", v -> v instanceof Undefined);
    of(all, "none", v -> v == None.NONE);
    of(all, "boolean", v -> v instanceof Boolean);
    of(all, "true", v -> v instanceof Boolean b && b);
    of(all, "false", v -> v instanceof Boolean b && !b);
    of(all, "integer", v -> Numbers.isInteger(v) && !(v instanceof Boolean));
    of(all, "float", v -> v instanceof Double);
    of(all, "number", Numbers::isNumber);
    of(all, "string", v -> v instanceof Text);
    of(all, "mapping", v -> v instanceof Dict);
    of(all, "sequence", Tests::isSequence);
    of(all, "iterable", v -> v instanceof LoopVariable || Values.tryIterate(v) != null);
    of(all, "callable", v -> v instanceof Function || v instanceof Undefined);
    of(all, "escaped", v -> false);
    of(all, "lower", v -> StringMethods.isCase(Printer.str(v), true));
    of(all, "upper", v -> StringMethods.isCase(Printer.str(v), false));
    of(all, "filter", v -> v instanceof Text name && Filters.ALL.containsKey(name.value()));
    of(all, "test", v -> v instanceof Text name && Tests.ALL.containsKey(name.value()));
    add(all, "odd", "", (in, v, _) -> Values.equal(remainder(in, v, 2L), 1L));
    add(all, "even", "", (in, v, _) -> Values.equal(remainder(in, v, 2L), 0L));
    add(all, "divisibleby", "num", (in, v, a) -> Values.equal(remainder(in, v, a.get(0)), 0L));
    add(all, "sameas", "other", (_, v, a) -> same(v, a.get(0)));
    add(all, "in", "seq", (_, v, a) -> Values.contains(a.get(0), v));
    comparison(all, "==", "==", "eq", "equalto");
    comparison(all, "!=", "!=", "ne");
    comparison(all, ">", ">", "gt", "greaterthan");
    comparison(all, ">=", ">=", "ge");
    comparison(all, "<", "<", "lt", "lessthan");
    comparison(all, "<=", "<=", "le");
    return Map.copyOf(all);
  }

  private static void of(Map<String, Builtin> all, String name, Predicate<Object> test) {
    add(all, name, "", (_, value, _) -> test.test(value));
  }

  private static void add(
      Map<String, Builtin> all, String name, String parameters, Builtin.Operation operation) {
    all.put(name, Builtin.of(name, parameters, operation));
  }

  private static void comparison(Map<String, Builtin> all, String operator, String... names) {
    for (String name : names) {
      add(
          all,
          name,
          "other",
          (in, value, a) -> {
            in.budget().reads(a.get(0));
            return Operators.compare(operator, value, a.get(0));
          });
    }
  }

  private static boolean isSequence(Object value) {
    return value instanceof Text
        || value instanceof Sequence
        || value instanceof Dict
        || value instanceof Range
        || value instanceof Undefined;
  }

  private static Object remainder(Evaluator evaluator, Object value, Object divisor) {
    return Operators.binary(evaluator, "%", value, divisor);
  }

  private static boolean same(Object a, Object b) {
    boolean constants = a instanceof Boolean || a instanceof Long || a instanceof Text;
    return a == b || (constants && a.equals(b));
  }
}
