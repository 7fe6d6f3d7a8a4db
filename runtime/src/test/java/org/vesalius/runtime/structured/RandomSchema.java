package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Random JSON schemas, and random documents that satisfy them, made without the grammar. */
final class RandomSchema {
  private static final List<String> NAMES =
      List.of("a", "b", "name", "value", "é", "x y", "\"q\"", "肺", "long_name", "");
  // Sorted, since the order of an immutable map differs from one process to the next.
  private static final SortedMap<String, List<String>> PATTERNS =
      new TreeMap<>(
          Map.of(
              "^[a-c]{2,4}$", List.of("ab", "ccc", "abca"),
              "\\d{3}", List.of("123", "x456y"),
              "^(foo|ba[rz])+$", List.of("foo", "barbaz"),
              "^\\S+ \\S+$", List.of("a b", "é 😀"),
              "[^a-z]$", List.of("A", "xyZ", "肺"),
              "^$|x", List.of("", "ax", "x")));
  private static final SortedMap<String, List<String>> FORMATS =
      new TreeMap<>(
          Map.of(
              "date", List.of("2024-02-29", "1999-12-31"),
              "time", List.of("10:00:00Z", "23:59:59.5+02:00"),
              "date-time", List.of("2024-02-29T10:00:00Z"),
              "uuid", List.of("123e4567-e89b-12d3-a456-426614174000"),
              "email", List.of("a.b@example.org"),
              "ipv4", List.of("192.168.0.1"),
              "ipv6", List.of("::1", "2001:db8::8a2e:370:7334"),
              "uri", List.of("https://example.org/a?b=c#d"),
              "hostname", List.of("example.org"),
              "duration", List.of("P1DT2H", "PT5M")));

  private final Random random;
  private final boolean recursive;

  RandomSchema(Random random) {
    this.random = random;
    recursive = random.nextInt(4) == 0;
  }

  Map<String, Object> root() {
    Map<String, Object> root = schema(3);
    if (recursive) {
      Map<String, Object> node = new LinkedHashMap<>();
      Map<String, Object> properties = new LinkedHashMap<>();
      properties.put("value", schema(0));
      properties.put("next", Map.of("$ref", "#/$defs/node"));
      properties.put("all", Map.of("type", "array", "items", Map.of("$ref", "#/$defs/node")));
      node.put("type", "object");
      node.put("properties", properties);
      node.put("required", List.of("value"));
      node.put("additionalProperties", false);
      root.put("$defs", Map.of("node", node));
    }
    root.put("title", "made at random");
    return root;
  }

  private static Map<?, ?> map(@Nullable Object schema) {
    return schema instanceof Map<?, ?> map ? map : Map.of();
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private Map<String, Object> schema(int depth) {
    Map<String, Object> schema = new LinkedHashMap<>();
    switch (random.nextInt(depth > 0 ? 14 : 8)) {
      case 0 -> schema.put("type", pick(List.of("null", "boolean")));
      case 1 -> schema.put("enum", List.of("a", "b\"\\\n", 1, -2.5, true, "肺炎", List.of(1, "x")));
      case 2 -> schema.put("const", pick(List.of("only", 17, "é\t", Map.of("k", List.of()))));
      case 3 -> number(schema, true);
      case 4 -> number(schema, false);
      case 5 -> {
        schema.put("type", "string");
        if (random.nextBoolean()) {
          int min = random.nextInt(4);
          schema.put("minLength", min);
          schema.put("maxLength", min + random.nextInt(40));
        }
      }
      case 6 -> {
        schema.put("type", "string");
        schema.put("pattern", pick(List.copyOf(PATTERNS.keySet())));
      }
      case 7 -> {
        schema.put("type", "string");
        schema.put("format", pick(List.copyOf(FORMATS.keySet())));
      }
      case 8, 9 -> array(schema, depth);
      case 10 -> {
        schema.put("anyOf", List.of(schema(depth - 1), schema(depth - 1)));
      }
      case 11 -> {
        List<Object> branches = new ArrayList<>();
        for (int i = 0; i < 2 + random.nextInt(2); i++) {
          Map<String, Object> branch = new LinkedHashMap<>();
          Map<String, Object> properties = new LinkedHashMap<>();
          properties.put("kind", Map.of("const", "k" + i));
          properties.put("value", schema(depth - 1));
          branch.put("type", "object");
          branch.put("properties", properties);
          branch.put("required", List.of("kind"));
          branches.add(branch);
        }
        schema.put("oneOf", branches);
      }
      default -> {
        if (recursive && random.nextInt(3) == 0) {
          schema.put("$ref", "#/$defs/node");
        } else {
          object(schema, depth);
        }
      }
    }
    return schema;
  }

  private void number(Map<String, Object> schema, boolean whole) {
    schema.put("type", whole ? "integer" : "number");
    int low = random.nextInt(2000) - 1000;
    int high = low + random.nextInt(1500) + 20;
    switch (random.nextInt(5)) {
      case 0 -> schema.put("minimum", low);
      case 1 -> schema.put("exclusiveMaximum", whole ? high : (Object) (high + 0.25));
      case 2 -> {
        schema.put("minimum", low);
        schema.put("maximum", high);
      }
      case 3 -> {
        schema.put("allOf", List.of(Map.of("minimum", low), Map.of("maximum", high)));
        schema.put("multipleOf", whole ? pick(List.of(3, 5, 7)) : (Object) 0.5);
      }
      default -> {}
    }
  }

  private void array(Map<String, Object> schema, int depth) {
    schema.put("type", "array");
    if (random.nextInt(3) == 0) {
      schema.put("prefixItems", List.of(schema(depth - 1), schema(depth - 1)));
    }
    schema.put("items", random.nextInt(8) == 0 ? (Object) false : schema(depth - 1));
    if (!Boolean.FALSE.equals(schema.get("items"))) {
      int min = random.nextInt(3);
      schema.put("minItems", min);
      schema.put("maxItems", min + random.nextInt(4));
    }
  }

  private void object(Map<String, Object> schema, int depth) {
    schema.put("type", "object");
    Map<String, Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      String name = pick(NAMES);
      properties.put(name, schema(depth - 1));
      if (random.nextBoolean() && !required.contains(name)) {
        required.add(name);
      }
    }
    if (!properties.isEmpty()) {
      schema.put("properties", properties);
      schema.put("required", required);
    }
    switch (random.nextInt(5)) {
      case 0 -> schema.put("additionalProperties", schema(0));
      case 1 -> {
        schema.put("patternProperties", Map.of("^x-", schema(0)));
        schema.put("minProperties", 1);
        schema.put("maxProperties", required.size() + 3);
      }
      case 2 -> {
        schema.put("additionalProperties", true);
        schema.put("minProperties", 2);
      }
      default -> schema.put("additionalProperties", false);
    }
  }

  /** A document that satisfies a schema, properties in the schema's order. */
  @Nullable Object document(Map<String, Object> root, Map<?, ?> schema, int depth) {
    if (schema.get("$ref") != null) {
      return document(root, map(map(root.get("$defs")).get("node")), depth);
    }
    for (String choice : List.of("anyOf", "oneOf")) {
      if (schema.get(choice) instanceof List<?> branches) {
        return document(root, map(pick(branches)), depth);
      }
    }
    if (schema.get("enum") instanceof List<?> values) {
      return pick(values);
    }
    if (schema.containsKey("const")) {
      return schema.get("const");
    }
    return switch (String.valueOf(schema.get("type"))) {
      case "null" -> null;
      case "boolean" -> random.nextBoolean();
      case "integer", "number" -> numberOf(schema);
      case "string" -> string(schema);
      case "array" -> list(root, schema, depth);
      case "object" -> map(root, schema, depth);
      default -> throw new AssertionError(schema);
    };
  }

  private Object numberOf(Map<?, ?> schema) {
    Map<Object, Object> all = new LinkedHashMap<>(schema);
    if (schema.get("allOf") instanceof List<?> parts) {
      parts.forEach(part -> all.putAll(map(part)));
    }
    int low = all.get("minimum") instanceof Integer least ? least : -1000;
    int high = all.get("maximum") instanceof Integer most ? most : low + 100;
    if (all.get("exclusiveMaximum") instanceof Number most) {
      high = most.intValue() - 1;
      low = Math.min(low, high);
    }
    int value = low + random.nextInt(high - low + 1);
    if (all.get("multipleOf") instanceof Integer multiple) {
      value = Math.floorDiv(high, multiple) * multiple;
    }
    return "number".equals(schema.get("type")) && value < high ? (Object) (value + 0.5) : value;
  }

  private String string(Map<?, ?> schema) {
    if (schema.get("pattern") != null) {
      return pick(PATTERNS.getOrDefault(String.valueOf(schema.get("pattern")), List.of()));
    }
    if (schema.get("format") != null) {
      return pick(FORMATS.getOrDefault(String.valueOf(schema.get("format")), List.of()));
    }
    int min = schema.get("minLength") instanceof Integer least ? least : 0;
    int max = schema.get("maxLength") instanceof Integer most ? most : 30;
    StringBuilder text = new StringBuilder();
    for (int i = min + random.nextInt(max - min + 1); i > 0; i--) {
      text.append(pick(List.of("a", "\"", "\\", "\n", "é", "肺", "😀", " ", "\u0001", "<", "/")));
    }
    return text.toString();
  }

  private List<@Nullable Object> list(Map<String, Object> root, Map<?, ?> schema, int depth) {
    List<?> prefix = schema.get("prefixItems") instanceof List<?> list ? list : List.of();
    int min = schema.get("minItems") instanceof Integer least ? least : 0;
    int max = schema.get("maxItems") instanceof Integer most ? most : 3;
    if (Boolean.FALSE.equals(schema.get("items"))) {
      max = Math.min(max, prefix.size());
    }
    List<@Nullable Object> items = new ArrayList<>();
    int size = depth > 4 ? min : min + random.nextInt(max - min + 1);
    for (int i = 0; i < size; i++) {
      Object item = i < prefix.size() ? prefix.get(i) : schema.get("items");
      items.add(document(root, map(item), depth + 1));
    }
    return items;
  }

  private Map<String, @Nullable Object> map(Map<String, Object> root, Map<?, ?> schema, int depth) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> m ? m : Map.of();
    List<?> required = schema.get("required") instanceof List<?> list ? list : List.of();
    int max = schema.get("maxProperties") instanceof Integer most ? most : 100;
    int needed = required.size();
    for (Map.Entry<?, ?> property : properties.entrySet()) {
      boolean must = required.contains(property.getKey());
      needed -= must ? 1 : 0;
      boolean room = map.size() + needed + (must ? 1 : 0) < max;
      if (must || (room && depth < 4 && random.nextBoolean())) {
        map.put(
            String.valueOf(property.getKey()), document(root, map(property.getValue()), depth + 1));
      }
    }
    int min = schema.get("minProperties") instanceof Integer least ? least : 0;
    if (schema.get("patternProperties") instanceof Map<?, ?> patterns) {
      while (map.size() < min) {
        map.put("x-" + map.size(), document(root, map(patterns.get("^x-")), depth + 1));
      }
    }
    while (map.size() < min) {
      map.put("more" + map.size(), List.of(1, "x"));
    }
    if (schema.get("additionalProperties") instanceof Map<?, ?> more && random.nextBoolean()) {
      map.put("another", document(root, more, depth + 1));
    }
    return map;
  }
}
