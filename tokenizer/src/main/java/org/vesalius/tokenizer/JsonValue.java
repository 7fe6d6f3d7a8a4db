package org.vesalius.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A value of tokenizer.json that knows where it stands, so that whatever is wrong with it can be
 * said in one sentence.
 *
 * @param origin the file
 * @param path where in the file, such as {@code pre_tokenizer.pretokenizers[0]}
 * @param node the value
 */
record JsonValue(String origin, String path, JsonNode node) {
  private static final int LONGEST_EXCERPT = 120;

  /** A field, or null where it is absent or null. */
  @Nullable JsonValue optional(String name) {
    if (!node.isObject()) {
      throw unsupported("an object");
    }
    JsonNode child = node.get(name);
    return child == null || child.isNull()
        ? null
        : new JsonValue(origin, path.isEmpty() ? name : path + "." + name, child);
  }

  JsonValue required(String name) {
    JsonValue value = optional(name);
    if (value == null) {
      throw new TokenizerFormatException(
          origin, path.isEmpty() ? name : path + "." + name, "nothing", "a value");
    }
    return value;
  }

  /** Refuses fields that are not among these: each may change the ids. */
  JsonValue onlyFields(String... names) {
    Set<String> known = Set.of(names);
    for (Iterator<String> fields = node.fieldNames(); fields.hasNext(); ) {
      String field = fields.next();
      if (!known.contains(field)) {
        throw new TokenizerFormatException(
            origin, path, "a field \"" + field + "\"", String.join(", ", new TreeSet<>(known)));
      }
    }
    return this;
  }

  String text() {
    if (!node.isTextual()) {
      throw unsupported("a string");
    }
    return node.textValue();
  }

  /** A string of one code point. */
  String character() {
    if (text().codePointCount(0, text().length()) != 1) {
      throw unsupported("a string of one character");
    }
    return text();
  }

  boolean flag() {
    if (!node.isBoolean()) {
      throw unsupported("true or false");
    }
    return node.booleanValue();
  }

  boolean flag(String name, boolean absent) {
    JsonValue value = optional(name);
    return value == null ? absent : value.flag();
  }

  /** A string that may be absent. */
  @Nullable String text(String name) {
    JsonValue value = optional(name);
    return value == null ? null : value.text();
  }

  /** An id: 0 or more. */
  int id() {
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0) {
      throw unsupported("a whole number from 0 to " + Integer.MAX_VALUE);
    }
    return node.intValue();
  }

  List<JsonValue> elements() {
    if (!node.isArray()) {
      throw unsupported("an array");
    }
    List<JsonValue> values = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      values.add(new JsonValue(origin, path + "[" + i + "]", node.get(i)));
    }
    return values;
  }

  /** The error for this value. */
  TokenizerFormatException unsupported(String supported) {
    String found = node.toString();
    if (found.length() > LONGEST_EXCERPT) {
      found = found.substring(0, LONGEST_EXCERPT) + "…";
    }
    return new TokenizerFormatException(origin, path.isEmpty() ? "(top)" : path, found, supported);
  }
}
