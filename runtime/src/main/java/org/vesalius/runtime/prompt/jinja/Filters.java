package org.vesalius.runtime.prompt.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The table of all filters, and those that turn one value into another of any type. */
final class Filters {
  static final Map<String, Builtin> ALL = filters();

  private Filters() {}

  static void add(
      Map<String, Builtin> all, String name, String parameters, Builtin.Operation operation) {
    all.put(name, Builtin.of(name, parameters, operation));
  }

  private static Map<String, Builtin> filters() {
    Map<String, Builtin> all = new HashMap<>();
    TextFilters.addTo(all);
    SequenceFilters.addTo(all);
    add(all, "default", "default_value? boolean?", Filters::orDefault);
    add(all, "d", "default_value? boolean?", Filters::orDefault);
    add(all, "int", "default? base?", (_, v, a) -> integer(v, a));
    add(all, "float", "default?", (_, v, a) -> real(v, a.get(0, 0.0)));
    add(all, "abs", "", (_, v, _) -> absolute(v));
    add(all, "round", "precision? method?", (_, v, a) -> round(v, a));
    add(all, "attr", "name", (_, v, a) -> attribute(v, a.text(0)));
    add(all, "length", "", (_, v, _) -> length(v));
    add(all, "count", "", (_, v, _) -> length(v));
    add(all, "tojson", "ensure_ascii? indent? separators? sort_keys?", (_, v, a) -> toJson(v, a));
    return Map.copyOf(all);
  }

  private static Object orDefault(Evaluator evaluator, Object value, Bound a) {
    boolean absent = value instanceof Undefined || (a.flag(1) && !Values.truth(value));
    return absent ? a.get(0, Text.EMPTY) : value;
  }

  private static Object integer(Object value, Bound a) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object otherwise = a.get(0, 0L);
    if (Numbers.isInteger(value)) {
      return Numbers.plus(value);
    }
    if (value instanceof Double d) {
      return Double.isNaN(d) ? otherwise : Numbers.truncate(d);
    }
    if (!(value instanceof Text text)) {
      return otherwise;
    }
    Object parsed = Numbers.parseInteger(text.value(), a.integer(1, 10));
    if (parsed != null) {
      return parsed;
    }
    Double real = Numbers.parseReal(text.value());
    return real == null || Double.isNaN(real) || Double.isInfinite(real)
        ? otherwise
        : Numbers.truncate(real);
  }

  private static Object real(Object value, Object otherwise) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (Numbers.isNumber(value)) {
      return Numbers.real(value);
    }
    Double parsed = value instanceof Text text ? Numbers.parseReal(text.value()) : null;
    return parsed == null ? otherwise : parsed;
  }

  private static Object absolute(Object value) {
    if (!Numbers.isNumber(value)) {
      throw new Problem("bad operand type for abs(): '" + Values.typeName(value) + "'");
    }
    return value instanceof Double d
        ? (Object) Math.abs(d)
        : Numbers.narrow(Numbers.big(value).abs());
  }

  private static Object round(Object value, Bound a) {
    if (!Numbers.isNumber(value)) {
      throw new Problem("type " + Values.typeName(value) + " doesn't define __round__ method");
    }
    int precision = a.integer(0, 0);
    String method = a.text(1, Text.of("common")).value();
    return switch (method) {
      case "common" -> Numbers.round(value, precision);
      case "ceil", "floor" -> {
        double scale = Math.pow(10, precision);
        double scaled = Numbers.real(value) * scale;
        if (Double.isNaN(scaled) || Double.isInfinite(scaled) || scale == 0) {
          throw new Problem("cannot round " + Numbers.repr(scaled));
        }
        RoundingMode mode = method.equals("ceil") ? RoundingMode.CEILING : RoundingMode.FLOOR;
        yield new BigDecimal(scaled).setScale(0, mode).doubleValue() / scale;
      }
      default -> throw new Problem("method must be common, ceil or floor");
    };
  }

  private static Object attribute(Object value, Text name) {
    @Nullable Object attribute = Members.ownAttribute(value, name.value());
    return attribute == null ? Undefined.of(value, name) : attribute;
  }

  private static Object length(Object value) {
    int length = Values.length(value);
    if (length < 0) {
      throw new Problem("object of type '" + Values.typeName(value) + "' has no len()");
    }
    return (long) length;
  }

  private static Text toJson(Object value, Bound a) {
    boolean pretty = a.given(1);
    Text indent = Text.EMPTY;
    if (pretty) {
      indent =
          a.get(1) instanceof Text text
              ? text
              : new TextBuilder().repeat(Text.of(" "), a.integer(1)).toText();
    }
    Text itemSeparator = Text.of(pretty ? "," : ", ");
    Text keySeparator = Text.of(": ");
    if (a.given(2)) {
      if (!(a.get(2) instanceof Sequence pair)
          || pair.items().size() != 2
          || !(pair.items().get(0) instanceof Text item)
          || !(pair.items().get(1) instanceof Text key)) {
        throw new Problem("tojson: separators must be a pair of strings");
      }
      itemSeparator = item;
      keySeparator = key;
    }
    return new Json(a.flag(0), pretty, indent, itemSeparator, keySeparator, a.flag(3)).write(value);
  }
}
