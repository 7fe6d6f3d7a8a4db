package org.vesalius.runtime.prompt.jinja;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A Python dict: insertion ordered, with 1, 1.0 and true as one key. */
final class Dict {
  /** A key as it was first written, and its value. */
  record Entry(Object key, Object value) {}

  private record TupleKey(List<Object> items) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  void put(Object key, Object value) {
    Object hashed = hashKey(key);
    Entry old = entries.get(hashed);
    entries.put(hashed, new Entry(old == null ? key : old.key(), value));
  }

  void putAll(Dict other) {
    for (Entry entry : other.entries()) {
      put(entry.key(), entry.value());
    }
  }

  @Nullable Object get(Object key) {
    Entry entry = entries.get(hashKey(key));
    return entry == null ? null : entry.value();
  }

  int size() {
    return entries.size();
  }

  Iterable<Entry> entries() {
    return entries.values();
  }

  List<Object> keys() {
    return new DictView(this, DictView.Kind.KEYS).items();
  }

  /** Something whose Java equality is Python's equality of {@code key}. */
  static Object hashKey(Object key) {
    return switch (key) {
      case Boolean b -> b ? 1L : 0L;
      case Double d when d == Math.rint(d) && !Double.isInfinite(d) ->
          Numbers.narrow(new BigDecimal(d).toBigInteger());
      case Sequence sequence when !(sequence instanceof ListValue) ->
          new TupleKey(sequence.items().stream().map(Dict::hashKey).toList());
      case Undefined _ -> Undefined.class;
      case ListValue _, Dict _, DictView _ ->
          throw new Problem("unhashable type: '" + Values.typeName(key) + "'");
      default -> key;
    };
  }
}
