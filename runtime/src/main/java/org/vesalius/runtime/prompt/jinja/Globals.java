package org.vesalius.runtime.prompt.jinja;

import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template can call by name. */
final class Globals {
  static final Map<String, Object> ALL =
      Map.of(
          "range", function("range", "*", (_, _, a) -> range(a.all())),
          "dict", function("dict", "*", (_, _, a) -> ContainerMethods.dict(a.all())),
          "namespace", function("namespace", "*", (_, _, a) -> namespace(a.all())),
          "joiner", function("joiner", "sep?", (_, _, a) -> new Joiner(a.text(0, Text.of(", ")))),
          "cycler", function("cycler", "*", (_, _, a) -> new Cycler(a.all().positional())),
          "raise_exception",
              function(
                  "raise_exception",
                  "message",
                  (_, _, a) -> {
                    throw Problem.raised(Printer.str(a.get(0)).value());
                  }),
          "strftime_now",
              function(
                  "strftime_now",
                  "format",
                  (evaluator, _, a) ->
                      Strftime.format(a.text(0), ZonedDateTime.now(evaluator.clock()))));

  private Globals() {}

  private static Object function(String name, String parameters, Builtin.Operation operation) {
    return new Builtin.Method(Builtin.of(name, parameters, operation), None.NONE);
  }

  private static Object range(Arguments arguments) {
    List<Object> given = arguments.positional();
    if (given.isEmpty() || given.size() > 3 || !arguments.named().isEmpty()) {
      throw new Problem("range expected 1 to 3 arguments, got " + given.size());
    }
    for (Object value : given) {
      if (value instanceof Undefined undefined) {
        throw undefined.failure();
      }
    }
    long start = given.size() == 1 ? 0 : Numbers.clamp(given.get(0));
    long stop = Numbers.clamp(given.get(given.size() == 1 ? 0 : 1));
    long step = given.size() == 3 ? Numbers.clamp(given.get(2)) : 1;
    if (step == 0) {
      throw new Problem("range() arg 3 must not be zero");
    }
    Range range = new Range(start, stop, step);
    if (range.length() > Range.MAX_LENGTH) {
      throw new Problem("range of more than " + Range.MAX_LENGTH + " items");
    }
    return range;
  }

  private static Object namespace(Arguments arguments) {
    Namespace namespace = new Namespace();
    for (Dict.Entry entry : ContainerMethods.dict(arguments).entries()) {
      namespace.set(Printer.str(entry.key()).value(), entry.value());
    }
    return namespace;
  }

  /** Nothing at its first call, the separator at every other. */
  private static final class Joiner implements Function {
    private final Text separator;
    private boolean used;

    Joiner(Text separator) {
      this.separator = separator;
    }

    @Override
    public String name() {
      return "joiner";
    }

    @Override
    public Object call(Evaluator evaluator, Arguments arguments) {
      Text result = used ? separator : Text.EMPTY;
      used = true;
      return result;
    }
  }

  /** Walks round and round through its items. */
  private static final class Cycler implements HasAttributes {
    private final List<Object> items;
    private int at;

    Cycler(List<Object> items) {
      if (items.isEmpty()) {
        throw new Problem("at least one item has to be provided");
      }
      this.items = items;
    }

    @Override
    public @Nullable Object attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "next" ->
            function(
                "next",
                "",
                (_, _, _) -> {
                  Object item = items.get(at);
                  at = (at + 1) % items.size();
                  return item;
                });
        case "reset" ->
            function(
                "reset",
                "",
                (_, _, _) -> {
                  at = 0;
                  return None.NONE;
                });
        default -> null;
      };
    }
  }
}
