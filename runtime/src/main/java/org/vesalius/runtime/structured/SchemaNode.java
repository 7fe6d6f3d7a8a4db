package org.vesalius.runtime.structured;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A schema inside a document. Equal by its place.
 *
 * @param pointer its JSON pointer, empty for the root
 * @param value a map or a boolean
 */
record SchemaNode(String pointer, Object value) {

  /** The keywords; none in a boolean schema. */
  Map<?, ?> map() {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  boolean isFalse() {
    return Boolean.FALSE.equals(value);
  }

  boolean has(String keyword) {
    return map().containsKey(keyword);
  }

  @Nullable Object get(String keyword) {
    return map().get(keyword);
  }

  SchemaNode child(String keyword) {
    return schema(get(keyword), keyword);
  }

  /** A schema below this one. */
  SchemaNode schema(@Nullable Object inner, String... path) {
    StringBuilder at = new StringBuilder(pointer);
    for (String part : path) {
      at.append('/').append(part.replace("~", "~0").replace("/", "~1"));
    }
    if (inner instanceof Map || inner instanceof Boolean) {
      return new SchemaNode(at.toString(), inner);
    }
    throw new UnsupportedFormatException(
        "JSON schema: " + place(at.toString()) + ": expected a schema, found " + inner);
  }

  static String place(String pointer) {
    return "#" + pointer;
  }

  List<?> list(String keyword) {
    if (get(keyword) instanceof List<?> list) {
      return list;
    }
    throw wrong(keyword, "expected an array, found " + get(keyword));
  }

  Map<?, ?> object(String keyword) {
    if (!has(keyword)) {
      return Map.of();
    }
    if (get(keyword) instanceof Map<?, ?> map) {
      return map;
    }
    throw wrong(keyword, "expected an object, found " + get(keyword));
  }

  String text(String keyword) {
    if (get(keyword) instanceof String text) {
      return text;
    }
    throw wrong(keyword, "expected a string, found " + get(keyword));
  }

  /** A number of things; what is asked for where the keyword is not there. */
  int count(String keyword, int absent) {
    if (!has(keyword)) {
      return absent;
    }
    BigDecimal number = number(keyword);
    if (number == null
        || number.signum() < 0
        || number.compareTo(BigDecimal.valueOf(1_000_000)) > 0
        || number.stripTrailingZeros().scale() > 0) {
      throw wrong(keyword, "expected a whole number of 0 to 1000000, found " + get(keyword));
    }
    return number.intValueExact();
  }

  @Nullable BigDecimal number(String keyword) {
    if (!has(keyword)) {
      return null;
    }
    if (get(keyword) instanceof Number number) {
      return decimal(number);
    }
    throw wrong(keyword, "expected a number, found " + get(keyword));
  }

  static BigDecimal decimal(Number number) {
    return number instanceof BigDecimal decimal ? decimal : new BigDecimal(number.toString());
  }

  UnsupportedFormatException wrong(String keyword, String problem) {
    return new UnsupportedFormatException(
        "JSON schema: " + place(pointer) + "/" + keyword + ": " + problem);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SchemaNode node && pointer.equals(node.pointer);
  }

  @Override
  public int hashCode() {
    return pointer.hashCode();
  }
}
