package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonNullSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonReferenceSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each kind of schema element as JSON Schema. */
class SchemaTranslationTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Map<String, Object> json(String text) throws JsonProcessingException {
    return JSON.readValue(text, new TypeReference<>() {});
  }

  private static void check(String expected, JsonSchemaElement element)
      throws JsonProcessingException {
    assertEquals(json(expected), SchemaTranslation.of(element, false));
  }

  @Test
  void everyKindOfElement() throws JsonProcessingException {
    check(
        """
        {"type": "object", "description": "a finding", "required": ["kind"],
         "properties": {
           "kind": {"type": "string", "enum": ["nodule", "effusion"], "description": "what"},
           "zone": {"type": "string", "description": "where"},
           "count": {"type": "integer"},
           "size": {"type": "number", "description": "mm"},
           "acute": {"type": "boolean"},
           "boxes": {"type": "array", "description": "pixels",
                     "items": {"type": "array", "items": {"type": "integer"}}},
           "anything": {"type": "array"},
           "side": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "or none"}}}
        """,
        JsonObjectSchema.builder()
            .description("a finding")
            .addProperty(
                "kind",
                JsonEnumSchema.builder()
                    .enumValues("nodule", "effusion")
                    .description("what")
                    .build())
            .addStringProperty("zone", "where")
            .addIntegerProperty("count")
            .addNumberProperty("size", "mm")
            .addBooleanProperty("acute")
            .addProperty(
                "boxes",
                JsonArraySchema.builder()
                    .description("pixels")
                    .items(
                        JsonArraySchema.builder()
                            .items(
                                dev.langchain4j.model.chat.request.json.JsonIntegerSchema.builder()
                                    .build())
                            .build())
                    .build())
            .addProperty("anything", JsonArraySchema.builder().build())
            .addProperty(
                "side",
                JsonAnyOfSchema.builder()
                    .description("or none")
                    .anyOf(new JsonStringSchema(), new JsonNullSchema())
                    .build())
            .required("kind")
            .build());
  }

  @Test
  void aRawSchemaIsTakenAsItIs() throws JsonProcessingException {
    String raw = "{\"type\": \"string\", \"pattern\": \"^[a-z]+$\"}";
    check(raw, JsonRawSchema.from(raw));
    check(
        "{\"type\": \"object\", \"properties\": {\"a\": " + raw + "}}",
        JsonObjectSchema.builder().addProperty("a", JsonRawSchema.from(raw)).build());
    for (String damaged : new String[] {"{\"type\": ", "[1]", "null"}) {
      assertThrows(
          InvalidRequestException.class,
          () -> SchemaTranslation.of(JsonRawSchema.from(damaged), false),
          damaged);
    }
  }

  @Test
  void closedObjectsHaveNoOtherPropertiesUnlessTheySayMoreOrNothing()
      throws JsonProcessingException {
    JsonObjectSchema schema =
        JsonObjectSchema.builder()
            .addStringProperty("a")
            .addProperty("map", JsonObjectSchema.builder().build())
            .addProperty(
                "open",
                JsonObjectSchema.builder()
                    .addStringProperty("b")
                    .additionalProperties(true)
                    .build())
            .addProperty("inner", JsonObjectSchema.builder().addStringProperty("c").build())
            .build();
    assertEquals(
        json(
            """
            {"type": "object", "additionalProperties": false, "properties": {
              "a": {"type": "string"},
              "map": {"type": "object", "properties": {}},
              "open": {"type": "object", "properties": {"b": {"type": "string"}},
                       "additionalProperties": true},
              "inner": {"type": "object", "properties": {"c": {"type": "string"}},
                        "additionalProperties": false}}}
            """),
        SchemaTranslation.of(schema, true));
  }

  private static JsonObjectSchema withDefinition(String name, String property) {
    return JsonObjectSchema.builder()
        .addProperty("next", JsonReferenceSchema.builder().reference(name).build())
        .definitions(Map.of(name, JsonObjectSchema.builder().addStringProperty(property).build()))
        .build();
  }

  @Test
  void definitionsMoveToTheRoot() throws JsonProcessingException {
    check(
        """
        {"type": "object",
         "properties": {"values": {"type": "array", "items": {
           "type": "object", "properties": {"next": {"$ref": "#/$defs/a~1b~0c"}}}}},
         "$defs": {"a/b~c": {"type": "object", "properties": {"x": {"type": "string"}}}}}
        """,
        JsonObjectSchema.builder()
            .addProperty(
                "values", JsonArraySchema.builder().items(withDefinition("a/b~c", "x")).build())
            .build());
  }

  @Test
  void contradictionsAreRefused() {
    JsonObjectSchema twice =
        JsonObjectSchema.builder()
            .addProperty("one", withDefinition("same", "x"))
            .addProperty("other", withDefinition("same", "y"))
            .build();
    InvalidRequestException e =
        assertThrows(InvalidRequestException.class, () -> SchemaTranslation.of(twice, false));
    assertEquals(
        "JSON schema: two different definitions are called \"same\"; rename one", e.getMessage());
    assertThrows(
        InvalidRequestException.class,
        () -> SchemaTranslation.of(JsonReferenceSchema.builder().build(), false));
    assertThrows(UnsupportedFeatureException.class, () -> SchemaTranslation.of(() -> "new", false));
  }
}
