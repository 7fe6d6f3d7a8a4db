package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tool that a request offers.
 *
 * @param name what it is called
 * @param parameters the schema of its arguments, which are an object
 */
record ToolDefinition(String name, Map<String, Object> parameters) {

  /** The tools of a request, in OpenAI's form or the functions alone. */
  static List<ToolDefinition> of(List<Map<String, Object>> tools) {
    List<ToolDefinition> all = new ArrayList<>();
    for (Map<String, Object> tool : tools) {
      Object function = tool.getOrDefault("function", tool);
      if (!(function instanceof Map<?, ?> map)
          || !(map.get("name") instanceof String name)
          || name.isBlank()) {
        throw new UnsupportedFormatException(
            "tools: expected {\"type\": \"function\", \"function\": {\"name\": ...}}, found "
                + tool);
      }
      if (all.stream().anyMatch(known -> known.name.equals(name))) {
        throw new UnsupportedFormatException("tools: two are called \"" + name + "\"");
      }
      all.add(new ToolDefinition(name, parameters(name, map.get("parameters"))));
    }
    return all;
  }

  private static Map<String, Object> parameters(String tool, @Nullable Object schema) {
    if (schema == null) {
      return Map.of("type", "object", "additionalProperties", false);
    }
    if (!(schema instanceof Map<?, ?> map)) {
      throw new UnsupportedFormatException(
          "tool \"" + tool + "\": parameters: expected a schema, found " + schema);
    }
    Map<String, Object> object = new LinkedHashMap<>();
    map.forEach((key, value) -> object.put(String.valueOf(key), value));
    Object type = object.get("type");
    boolean fits =
        type == null
            || type.equals("object")
            || (type instanceof List<?> types && types.contains("object"));
    if (!fits) {
      throw new UnsupportedFormatException(
          "tool \"" + tool + "\": parameters/type: expected object, found " + type);
    }
    object.put("type", "object");
    return object;
  }

  /**
   * The arguments as JSON.
   *
   * @param forbidden what no string may contain
   */
  Expression arguments(Collection<String> forbidden) {
    try {
      return schema(forbidden).root();
    } catch (UnsupportedFormatException e) {
      throw wrong(e);
    }
  }

  SchemaGrammar schema(Collection<String> forbidden) {
    return new SchemaGrammar(parameters, new JsonGrammar(forbidden));
  }

  UnsupportedFormatException wrong(UnsupportedFormatException e) {
    return new UnsupportedFormatException("tool \"" + name + "\": parameters: " + e.getMessage());
  }
}
