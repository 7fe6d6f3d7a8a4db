package org.vesalius.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonBooleanSchema;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonIntegerSchema;
import dev.langchain4j.model.chat.request.json.JsonNullSchema;
import dev.langchain4j.model.chat.request.json.JsonNumberSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonReferenceSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's schema elements as JSON Schema. Definitions of inner objects move to the root,
 * where references look for them.
 */
final class SchemaTranslation {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEFINITIONS = "$defs";

  private final boolean closed;
  private final Map<String, Object> definitions = new LinkedHashMap<>();

  private SchemaTranslation(boolean closed) {
    this.closed = closed;
  }

  /**
   * A schema.
   *
   * @param closed whether an object that lists properties, and does not say whether it may have
   *     others, has none: every answer to the closed schema is one to the open schema too
   * @throws UnsupportedFeatureException if an element is of a kind that LangChain4j did not have
   * @throws InvalidRequestException if it contradicts itself
   */
  static Map<String, Object> of(JsonSchemaElement root, boolean closed) {
    SchemaTranslation translation = new SchemaTranslation(closed);
    Map<String, Object> schema = translation.element(root);
    if (!translation.definitions.isEmpty()) {
      schema.put(DEFINITIONS, translation.definitions);
    }
    return schema;
  }

  private Map<String, Object> element(JsonSchemaElement element) {
    return switch (element) {
      case JsonObjectSchema object -> object(object);
      case JsonArraySchema array -> {
        Map<String, Object> map = typed("array", array.description());
        if (array.items() != null) {
          map.put("items", element(array.items()));
        }
        yield map;
      }
      case JsonEnumSchema values -> {
        Map<String, Object> map = typed("string", values.description());
        map.put("enum", List.copyOf(values.enumValues()));
        yield map;
      }
      case JsonStringSchema string -> typed("string", string.description());
      case JsonIntegerSchema integer -> typed("integer", integer.description());
      case JsonNumberSchema number -> typed("number", number.description());
      case JsonBooleanSchema bool -> typed("boolean", bool.description());
      case JsonNullSchema _ -> typed("null", null);
      case JsonAnyOfSchema any -> {
        Map<String, Object> map = described(any.description());
        map.put("anyOf", any.anyOf().stream().map(this::element).toList());
        yield map;
      }
      case JsonReferenceSchema reference -> {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("$ref", "#/" + DEFINITIONS + "/" + escaped(reference.reference()));
        yield map;
      }
      case JsonRawSchema raw -> raw(raw.schema());
      default ->
          throw new UnsupportedFeatureException(
              "JSON schema: element of type " + element.getClass().getName() + " is not known");
    };
  }

  private Map<String, Object> object(JsonObjectSchema object) {
    Map<String, Object> map = typed("object", object.description());
    Map<String, Object> properties = new LinkedHashMap<>();
    object.properties().forEach((name, value) -> properties.put(name, element(value)));
    map.put("properties", properties);
    List<String> required = object.required();
    if (required != null && !required.isEmpty()) {
      map.put("required", List.copyOf(required));
    }
    Boolean others = object.additionalProperties();
    if (others != null) {
      map.put("additionalProperties", others);
    } else if (closed && !properties.isEmpty()) {
      map.put("additionalProperties", false);
    }
    object.definitions().forEach(this::define);
    return map;
  }

  private void define(String name, JsonSchemaElement element) {
    Map<String, Object> schema = element(element);
    Object before = definitions.putIfAbsent(name, schema);
    if (before != null && !before.equals(schema)) {
      throw new InvalidRequestException(
          "JSON schema: two different definitions are called \"" + name + "\"; rename one");
    }
  }

  /** A name as part of a JSON pointer (RFC 6901). */
  private static String escaped(@Nullable String name) {
    if (name == null) {
      throw new InvalidRequestException("JSON schema: a reference names no definition");
    }
    return name.replace("~", "~0").replace("/", "~1");
  }

  private static Map<String, Object> raw(String schema) {
    Map<String, Object> map;
    try {
      map = JSON.readValue(schema, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new InvalidRequestException(
          "JSON schema: expected an object in JSON, found a mistake: " + e.getOriginalMessage(), e);
    }
    if (map == null) {
      throw new InvalidRequestException("JSON schema: expected an object in JSON, found null");
    }
    return map;
  }

  private static Map<String, Object> typed(String type, @Nullable String description) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("type", type);
    if (description != null) {
      map.put("description", description);
    }
    return map;
  }

  private static Map<String, Object> described(@Nullable String description) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (description != null) {
      map.put("description", description);
    }
    return map;
  }
}
