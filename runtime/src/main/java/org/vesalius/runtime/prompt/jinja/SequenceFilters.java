package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The filters over lists, dicts and other things with items. */
final class SequenceFilters {
  private SequenceFilters() {}

  static void addTo(Map<String, Builtin> all) {
    Filters.add(all, "list", "", (_, v, _) -> new ListValue(Values.list(v)));
    Filters.add(all, "items", "", (_, v, _) -> items(v));
    Filters.add(all, "first", "", (_, v, _) -> first(Values.iterate(v)));
    Filters.add(all, "last", "", (_, v, _) -> first(reversed(v)));
    Filters.add(all, "reverse", "", (_, v, _) -> reverse(v));
    Filters.add(all, "join", "d? attribute?", (_, v, a) -> join(v, a));
    Filters.add(all, "map", "*", (in, v, a) -> map(in, v, a.all()));
    Filters.add(all, "select", "*", (in, v, a) -> select(in, v, a.all(), false, true));
    Filters.add(all, "reject", "*", (in, v, a) -> select(in, v, a.all(), false, false));
    Filters.add(all, "selectattr", "*", (in, v, a) -> select(in, v, a.all(), true, true));
    Filters.add(all, "rejectattr", "*", (in, v, a) -> select(in, v, a.all(), true, false));
    Filters.add(all, "sort", "reverse? case_sensitive? attribute?", (_, v, a) -> sort(v, a));
    Filters.add(all, "unique", "case_sensitive? attribute?", (_, v, a) -> unique(v, a));
    Filters.add(all, "min", "case_sensitive? attribute?", (_, v, a) -> extreme(v, a, "<"));
    Filters.add(all, "max", "case_sensitive? attribute?", (_, v, a) -> extreme(v, a, ">"));
    Filters.add(all, "sum", "attribute? start?", SequenceFilters::sum);
    Filters.add(all, "dictsort", "case_sensitive? by? reverse?", (_, v, a) -> dictSort(v, a));
    Filters.add(all, "batch", "linecount fill_with?", (_, v, a) -> batch(v, a));
    Filters.add(all, "slice", "slices fill_with?", (_, v, a) -> slice(v, a));
    Filters.add(all, "groupby", "attribute default? case_sensitive?", (_, v, a) -> groupBy(v, a));
  }

  private static Object items(Object value) {
    if (value instanceof Undefined) {
      return new Generator(Collections.emptyIterator());
    }
    if (!(value instanceof Dict dict)) {
      throw new Problem("Can only get item pairs from a mapping.");
    }
    return new Generator(new DictView(dict, DictView.Kind.ITEMS).items().iterator());
  }

  private static Object first(Iterator<Object> items) {
    return items.hasNext() ? items.next() : new Undefined("the sequence was empty");
  }

  private static Iterator<Object> reversed(Object value) {
    if (value instanceof Generator || Values.tryIterate(value) == null) {
      throw new Problem("'" + Values.typeName(value) + "' object is not reversible");
    }
    return Values.list(value).reversed().iterator();
  }

  private static Object reverse(Object value) {
    if (value instanceof Text text) {
      return Slices.slice(text, None.NONE, None.NONE, -1L);
    }
    if (Values.tryIterate(value) == null) {
      throw new Problem("argument must be iterable");
    }
    List<Object> items = Values.list(value).reversed();
    return value instanceof Generator ? new ListValue(items) : new Generator(items.iterator());
  }

  private static Object join(Object value, Bound a) {
    Text separator = Printer.str(a.get(0, Text.EMPTY));
    TextBuilder out = new TextBuilder();
    Iterator<Object> items = Values.iterate(value);
    for (boolean first = true; items.hasNext(); first = false) {
      Object item = items.next();
      if (!first) {
        out.append(separator);
      }
      out.append(Printer.str(a.given(1) ? Members.path(item, a.get(1), null) : item));
    }
    return out.toText();
  }

  private static Object map(Evaluator evaluator, Object value, Arguments arguments) {
    Iterator<Object> items = Values.truth(value) ? Values.iterate(value) : List.of().iterator();
    Object attribute = arguments.named().get("attribute");
    if (arguments.positional().isEmpty() && attribute != null) {
      Object given = arguments.named().get("default");
      Object otherwise = given == None.NONE ? null : given;
      if (!arguments.without("attribute", "default").named().isEmpty()) {
        throw new Problem("map: unexpected keyword argument");
      }
      return Generator.map(items, item -> Members.path(item, attribute, otherwise));
    }
    if (arguments.positional().isEmpty()) {
      throw new Problem("map requires a filter argument");
    }
    String name = Printer.str(arguments.positional().getFirst()).value();
    return Generator.map(items, item -> evaluator.filter(name, item, arguments.skip(1)));
  }

  private static Object select(
      Evaluator evaluator, Object value, Arguments arguments, boolean ofAttribute, boolean keep) {
    if (!Values.truth(value)) {
      return new Generator(Collections.emptyIterator());
    }
    int used = ofAttribute ? 1 : 0;
    if (arguments.positional().size() < used) {
      throw new Problem("Missing parameter for attribute name");
    }
    UnaryOperator<Object> subject =
        ofAttribute
            ? item -> Members.path(item, arguments.positional().getFirst(), null)
            : item -> item;
    Predicate<Object> test = Values::truth;
    if (arguments.positional().size() > used) {
      String name = Printer.str(arguments.positional().get(used)).value();
      Arguments rest = arguments.skip(used + 1);
      test = item -> Values.truth(evaluator.test(name, item, rest));
    }
    return new Generator(
        new Selection(Values.iterate(value), subject, keep ? test : test.negate()));
  }

  /** The items whose subject passes a test, tested when they are asked for. */
  private static final class Selection implements Iterator<Object> {
    private final Iterator<Object> items;
    private final UnaryOperator<Object> subject;
    private final Predicate<Object> test;
    private @Nullable Object next;

    Selection(Iterator<Object> items, UnaryOperator<Object> subject, Predicate<Object> test) {
      this.items = items;
      this.subject = subject;
      this.test = test;
    }

    @Override
    public boolean hasNext() {
      while (next == null && items.hasNext()) {
        Object item = items.next();
        if (test.test(subject.apply(item))) {
          next = item;
        }
      }
      return next != null;
    }

    @Override
    public Object next() {
      if (!hasNext() || next == null) {
        throw new NoSuchElementException();
      }
      Object item = next;
      next = null;
      return item;
    }
  }

  private static Object foldCase(Object value) {
    return value instanceof Text text ? Strings.lower(text) : value;
  }

  /** What to compare an item by: an attribute if one is named, without case unless asked. */
  private static Object key(Object item, @Nullable Object path, boolean caseSensitive) {
    Object key = path == null ? item : Members.path(item, path, null);
    return caseSensitive ? key : foldCase(key);
  }

  private static @Nullable Object path(Bound a, int index) {
    return a.given(index) ? a.get(index) : null;
  }

  private record Keyed(Object key, Object item) {}

  /** Stable; the keys are computed once per item. */
  private static List<Object> sorted(
      List<Object> items, UnaryOperator<Object> key, boolean reverse) {
    List<Keyed> keyed = new ArrayList<>(items.size());
    items.forEach(item -> keyed.add(new Keyed(key.apply(item), item)));
    Comparator<Keyed> order =
        (a, b) ->
            Values.ordered("<", a.key(), b.key())
                ? -1
                : Values.ordered("<", b.key(), a.key()) ? 1 : 0;
    try {
      keyed.sort(reverse ? order.reversed() : order);
    } catch (IllegalArgumentException _) {
      // NaN among the keys; Python would return them in some order.
      throw new Problem("cannot sort: the values have no consistent order");
    }
    List<Object> result = new ArrayList<>(keyed.size());
    keyed.forEach(entry -> result.add(entry.item()));
    return result;
  }

  private static Object sort(Object value, Bound a) {
    boolean caseSensitive = a.flag(1);
    Object path = path(a, 2);
    List<Object> paths = new ArrayList<>();
    if (path instanceof Text text) {
      paths.addAll(Strings.split(text, Text.of(","), -1));
    } else {
      paths.add(path == null ? None.NONE : path);
    }
    UnaryOperator<Object> key =
        item -> {
          List<Object> keys = new ArrayList<>();
          for (Object each : paths) {
            keys.add(key(item, each == None.NONE ? null : each, caseSensitive));
          }
          return new ListValue(keys);
        };
    return new ListValue(sorted(Values.list(value), key, a.flag(0)));
  }

  private static Object unique(Object value, Bound a) {
    Set<Object> seen = new HashSet<>();
    Predicate<Object> unseen = item -> seen.add(Dict.hashKey(key(item, path(a, 1), a.flag(0))));
    return new Generator(new Selection(Values.iterate(value), item -> item, unseen));
  }

  private static Object extreme(Object value, Bound a, String better) {
    Iterator<Object> items = Values.iterate(value);
    if (!items.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    Object bestKey = key(best, path(a, 1), a.flag(0));
    while (items.hasNext()) {
      Object item = items.next();
      Object key = key(item, path(a, 1), a.flag(0));
      if (Values.ordered(better, key, bestKey)) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }

  private static Object sum(Evaluator evaluator, Object value, Bound a) {
    Object sum = a.get(1, 0L);
    if (sum instanceof Text) {
      throw new Problem("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Object> items = Values.iterate(value);
    while (items.hasNext()) {
      Object item = items.next();
      Object term = a.given(0) ? Members.path(item, a.get(0), null) : item;
      sum = Operators.binary(evaluator, "+", sum, term);
    }
    return sum;
  }

  private static Object dictSort(Object value, Bound a) {
    String by = a.text(1, Text.of("key")).value();
    if (!by.equals("key") && !by.equals("value")) {
      throw new Problem("You can only sort by either \"key\" or \"value\"");
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(value instanceof Dict dict)) {
      throw new Problem("'" + Values.typeName(value) + "' object has no attribute 'items'");
    }
    List<Object> pairs = new DictView(dict, DictView.Kind.ITEMS).items();
    int position = by.equals("key") ? 0 : 1;
    boolean caseSensitive = a.flag(0);
    return new ListValue(
        sorted(
            pairs,
            pair -> key(((Tuple) pair).items().get(position), null, caseSensitive),
            a.flag(2)));
  }

  private static Object batch(Object value, Bound a) {
    int size = a.integer(0);
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object item : Values.list(value)) {
      if (batch.size() == size) {
        batches.add(new ListValue(batch));
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      Operators.checkSize(a.given(1) ? size : 0);
      while (a.given(1) && batch.size() < size) {
        batch.add(a.get(1));
      }
      batches.add(new ListValue(batch));
    }
    return new Generator(batches.iterator());
  }

  private static Object slice(Object value, Bound a) {
    List<Object> items = Values.list(value);
    int slices = a.integer(0);
    if (slices == 0) {
      throw new Problem("division by zero");
    }
    Operators.checkSize(slices);
    List<Object> result = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < slices; i++) {
      boolean longer = i < items.size() % slices;
      int end = start + items.size() / slices + (longer ? 1 : 0);
      List<Object> slice = new ArrayList<>(items.subList(start, end));
      if (a.given(1) && !longer) {
        slice.add(a.get(1));
      }
      result.add(new ListValue(slice));
      start = end;
    }
    return new Generator(result.iterator());
  }

  private static Object groupBy(Object value, Bound a) {
    Object otherwise = path(a, 1);
    UnaryOperator<Object> exact = item -> Members.path(item, a.get(0), otherwise);
    UnaryOperator<Object> key = a.flag(2) ? exact : item -> foldCase(exact.apply(item));
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    for (Object item : sorted(Values.list(value), key, false)) {
      if (!group.isEmpty() && !Values.equal(key.apply(group.getFirst()), key.apply(item))) {
        groups.add(new Group(exact.apply(group.getFirst()), new ListValue(group)));
        group = new ArrayList<>();
      }
      group.add(item);
    }
    if (!group.isEmpty()) {
      groups.add(new Group(exact.apply(group.getFirst()), new ListValue(group)));
    }
    return new ListValue(groups);
  }
}
