package org.vesalius.runtime.prompt.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The methods of dicts, and those of lists and tuples, that do not change them. */
final class ContainerMethods {
  static final Map<String, Builtin> DICT =
      Map.of(
          "items", view("items", DictView.Kind.ITEMS),
          "keys", view("keys", DictView.Kind.KEYS),
          "values", view("values", DictView.Kind.VALUES),
          "get",
              Builtin.of(
                  "get",
                  "key default?",
                  (_, self, a) -> {
                    Object value = ((Dict) self).get(a.get(0));
                    return value == null ? a.get(1, None.NONE) : value;
                  }),
          "copy",
              Builtin.of(
                  "copy",
                  "",
                  (_, self, _) -> {
                    Dict copy = new Dict();
                    copy.putAll((Dict) self);
                    return copy;
                  }));

  static final Map<String, Builtin> SEQUENCE =
      Map.of(
          "index", Builtin.of("index", "value start? stop?", (_, self, a) -> index(items(self), a)),
          "count",
              Builtin.of(
                  "count",
                  "value",
                  (_, self, a) ->
                      items(self).stream().filter(item -> Values.equal(item, a.get(0))).count()),
          "copy", Builtin.of("copy", "", (_, self, _) -> new ListValue(items(self))));

  private ContainerMethods() {}

  private static Builtin view(String name, DictView.Kind kind) {
    return Builtin.of(name, "", (_, self, _) -> new DictView((Dict) self, kind));
  }

  private static List<Object> items(Object self) {
    return self instanceof Sequence sequence ? sequence.items() : Values.list(self);
  }

  private static Object index(List<Object> items, Bound a) {
    Range window = window(items.size(), a);
    for (long i = window.start(); i < window.stop(); i++) {
      if (Values.equal(items.get((int) i), a.get(0))) {
        return i;
      }
    }
    throw new Problem(Printer.repr(a.get(0)) + " is not in list");
  }

  private static Range window(int size, Bound a) {
    int start = a.integer(1, 0);
    int stop = a.integer(2, size);
    return new Range(
        start < 0 ? Math.max(0, start + size) : start,
        stop < 0 ? stop + size : Math.min(stop, size),
        1);
  }

  /** A dict from what {@code dict(...)} accepts: a mapping or pairs, and named values. */
  static Dict dict(Arguments arguments) {
    Dict dict = new Dict();
    if (arguments.positional().size() > 1) {
      throw new Problem("dict expected at most 1 argument, got " + arguments.positional().size());
    }
    for (Object source : arguments.positional()) {
      if (source instanceof Dict other) {
        dict.putAll(other);
        continue;
      }
      Iterator<Object> pairs = Values.iterate(source);
      while (pairs.hasNext()) {
        List<Object> pair = Values.list(pairs.next());
        if (pair.size() != 2) {
          throw new Problem(
              "dictionary update sequence element has length " + pair.size() + "; 2 is required");
        }
        dict.put(pair.get(0), pair.get(1));
      }
    }
    arguments.named().forEach((name, value) -> dict.put(Text.of(name), value));
    return dict;
  }
}
