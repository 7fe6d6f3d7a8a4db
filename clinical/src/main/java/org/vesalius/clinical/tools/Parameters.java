package org.vesalius.clinical.tools;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The arguments of a tool, as JSON Schema. */
final class Parameters {
  private final Map<String, Object> properties = new LinkedHashMap<>();
  private final List<String> required = new ArrayList<>();

  Parameters integer(String name, String description, int least) {
    return with(name, Map.of("type", "integer", "minimum", least), description);
  }

  Parameters text(String name, String description) {
    return with(name, Map.of("type", "string"), description);
  }

  Parameters texts(String name, String description, int most) {
    return with(
        name,
        Map.of("type", "array", "items", Map.of("type", "string"), "minItems", 1, "maxItems", most),
        description);
  }

  Parameters flag(String name, String description) {
    return with(name, Map.of("type", "boolean"), description);
  }

  Parameters choice(String name, String description, Object... values) {
    return with(name, Map.of("enum", Arrays.asList(values)), description);
  }

  Parameters numbers(String name, String description, int count) {
    return with(name, numbers(count), description);
  }

  Parameters twoPoints(String name, String description) {
    return with(
        name,
        Map.of("type", "array", "items", numbers(2), "minItems", 2, "maxItems", 2),
        description);
  }

  Parameters object(String name, String description, Map<String, Object> schema) {
    return with(name, schema, description);
  }

  private static Map<String, Object> numbers(int count) {
    return Map.of(
        "type", "array", "items", Map.of("type", "number"), "minItems", count, "maxItems", count);
  }

  private Parameters with(String name, Map<String, Object> schema, String description) {
    Map<String, Object> property = new LinkedHashMap<>(schema);
    property.put("description", description);
    properties.put(name, Map.copyOf(property));
    return this;
  }

  /** The schema; all others than these may be left out. */
  Map<String, Object> require(String... names) {
    required.addAll(List.of(names));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    schema.put("required", required);
    schema.put("additionalProperties", false);
    return schema;
  }
}
