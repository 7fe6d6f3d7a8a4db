package org.vesalius.clinical.trace;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Members of a JSON object, each of which is asked for once and by its kind. */
final class JsonMembers {

  /** What a trace has in place of a member, said with the place and without the value. */
  static final class Unexpected extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unexpected(String where, String expected, String found) {
      super("%s: expected %s, found %s".formatted(where, expected, found));
    }
  }

  private final String where;
  private final Map<?, ?> values;
  private final Set<String> asked = new LinkedHashSet<>();

  JsonMembers(String where, Map<?, ?> values) {
    this.where = where;
    this.values = values;
  }

  /** Says that there is nothing else. */
  void end() {
    for (Object name : values.keySet()) {
      if (!asked.contains(String.valueOf(name))) {
        throw new Unexpected(where, "members " + String.join(", ", asked), "others too");
      }
    }
  }

  private @Nullable Object value(String name) {
    asked.add(name);
    if (!values.containsKey(name)) {
      throw new Unexpected(place(name), "a value, or null", "no such member");
    }
    return values.get(name);
  }

  private String place(String name) {
    return where.isEmpty() ? name : where + "." + name;
  }

  String text(String name) {
    return text(place(name), value(name));
  }

  private static String text(String where, @Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw unexpected(where, "a string", value);
  }

  Optional<String> optionalText(String name) {
    Object value = value(name);
    return value == null ? Optional.empty() : Optional.of(text(place(name), value));
  }

  int integer(String name) {
    return integer(place(name), value(name));
  }

  static int integer(String where, @Nullable Object value) {
    if (value instanceof Integer number) {
      return number;
    }
    throw unexpected(where, "an integer of 32 bits", value);
  }

  OptionalInt optionalInteger(String name) {
    Object value = value(name);
    return value == null ? OptionalInt.empty() : OptionalInt.of(integer(place(name), value));
  }

  long whole(String name) {
    Object value = value(name);
    return switch (value) {
      case Integer number -> number;
      case Long number -> number;
      case null, default -> throw unexpected(place(name), "an integer of 64 bits", value);
    };
  }

  boolean truth(String name) {
    Object value = value(name);
    if (value instanceof Boolean truth) {
      return truth;
    }
    throw unexpected(place(name), "true or false", value);
  }

  double real(String name) {
    return real(place(name), value(name));
  }

  static double real(String where, @Nullable Object value) {
    return switch (value) {
      case Number number -> number.doubleValue();
      case String text when text.equals("-Infinity") -> Double.NEGATIVE_INFINITY;
      case String text when text.equals("Infinity") -> Double.POSITIVE_INFINITY;
      case String text when text.equals("NaN") -> Double.NaN;
      case null, default ->
          throw unexpected(where, "a number, \"-Infinity\", \"Infinity\" or \"NaN\"", value);
    };
  }

  OptionalDouble optionalReal(String name) {
    Object value = value(name);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(real(place(name), value));
  }

  <E extends Enum<E>> E constant(String name, Class<E> kind) {
    String text = text(name);
    for (E constant : kind.getEnumConstants()) {
      if (EntryWriter.name(constant).equals(text)) {
        return constant;
      }
    }
    throw new Unexpected(
        place(name), "a " + kind.getSimpleName().toLowerCase(Locale.ROOT), "another string");
  }

  /** How a value of a list is read. */
  interface Item<T> {
    T of(String where, @Nullable Object value);
  }

  <T> List<T> list(String name, Item<T> item) {
    String place = place(name);
    Object value = value(name);
    if (!(value instanceof List<?> found)) {
      throw unexpected(place, "an array", value);
    }
    List<T> items = new ArrayList<>(found.size());
    for (int i = 0; i < found.size(); i++) {
      items.add(item.of(place + "[" + i + "]", found.get(i)));
    }
    return items;
  }

  List<String> texts(String name) {
    return list(name, JsonMembers::text);
  }

  List<Integer> integers(String name) {
    return list(name, JsonMembers::integer);
  }

  List<Double> reals(String name) {
    return list(name, JsonMembers::real);
  }

  <T> List<T> objects(String name, Function<JsonMembers, T> reader) {
    return list(name, (where, value) -> object(where, value, reader));
  }

  <T> T object(String name, Function<JsonMembers, T> reader) {
    return object(place(name), value(name), reader);
  }

  <T> Optional<T> optionalObject(String name, Function<JsonMembers, T> reader) {
    Object value = value(name);
    return value == null ? Optional.empty() : Optional.of(object(place(name), value, reader));
  }

  private static <T> T object(
      String where, @Nullable Object value, Function<JsonMembers, T> reader) {
    JsonMembers members = of(where, value);
    T read;
    try {
      read = reader.apply(members);
    } catch (IllegalArgumentException e) {
      throw new Unexpected(where, "a possible one", String.valueOf(e.getMessage()));
    }
    members.end();
    return read;
  }

  /** A member that traces of before it was known do not have; where it is, it is no null. */
  <T> Optional<T> later(String name, Function<String, T> reader) {
    return values.containsKey(name) ? Optional.of(reader.apply(name)) : Optional.empty();
  }

  static JsonMembers of(String where, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return new JsonMembers(where, map);
    }
    throw unexpected(where, "an object", value);
  }

  /** A member that is any JSON object. */
  Map<String, @Nullable Object> anyObject(String name) {
    return anyObject(place(name), value(name));
  }

  @SuppressWarnings("unchecked") // the parser makes no other maps
  static Map<String, @Nullable Object> anyObject(String where, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw unexpected(where, "an object", value);
  }

  private static Unexpected unexpected(String where, String expected, @Nullable Object found) {
    return new Unexpected(
        where,
        expected,
        switch (found) {
          case null -> "null";
          case String _ -> "a string";
          case Boolean _ -> "true or false";
          case Number _ -> "another number";
          case List<?> _ -> "an array";
          default -> "an object";
        });
  }
}
