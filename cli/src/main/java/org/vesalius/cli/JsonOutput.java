package org.vesalius.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Prints the one JSON object that a command answers with. */
final class JsonOutput {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private JsonOutput() {}

  /** A map of strings, numbers, booleans, lists and maps. */
  static JsonNode tree(Map<String, @Nullable Object> map) {
    return JSON.valueToTree(map);
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  static ArrayNode array() {
    return JSON.createArrayNode();
  }

  static void print(Terminal terminal, ObjectNode object) {
    try {
      terminal.out().println(JSON.writeValueAsString(object));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("the result cannot be written as JSON", e);
    }
  }
}
