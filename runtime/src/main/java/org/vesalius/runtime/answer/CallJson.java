package org.vesalius.runtime.answer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads JSON that a model wrote. What is wrong with it is a value, no exception. */
final class CallJson {
  private static final int MAX_DEPTH = 100;
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private CallJson() {}

  /** Either a value or what is wrong. */
  sealed interface Parsed {
    record Value(JsonNode node) implements Parsed {}

    record Wrong(String reason) implements Parsed {}
  }

  static Parsed parse(String text) {
    try {
      JsonNode node = JSON.readTree(text);
      if (node == null || node.isMissingNode()) {
        return new Parsed.Wrong("expected JSON, found nothing");
      }
      return allFinite(node)
          ? new Parsed.Value(node)
          : new Parsed.Wrong("a number is too large for double precision");
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      String place = at == null ? "" : " at character " + Math.max(0, at.getCharOffset());
      return new Parsed.Wrong("not JSON" + place + ": " + e.getOriginalMessage());
    }
  }

  private static boolean allFinite(JsonNode node) {
    if (node.isFloatingPointNumber()) {
      return Double.isFinite(node.doubleValue());
    }
    for (JsonNode child : node) {
      if (!allFinite(child)) {
        return false;
      }
    }
    return true;
  }

  static String write(Map<String, @Nullable Object> map) {
    try {
      return JSON.writeValueAsString(map);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("parsed JSON cannot be written", e);
    }
  }

  static Map<String, @Nullable Object> map(JsonNode object) {
    return JSON.convertValue(object, new TypeReference<>() {});
  }

  static @Nullable Object value(JsonNode node) {
    return JSON.convertValue(node, Object.class);
  }

  /**
   * The call in a JSON object.
   *
   * @param argumentKeys names that the arguments may have
   * @param raw the text for the report
   */
  static ToolCall call(String json, List<String> argumentKeys, String raw) {
    return switch (parse(json)) {
      case Parsed.Wrong(String reason) -> ToolCall.malformed("", raw, reason);
      case Parsed.Value(JsonNode node) -> call(node, argumentKeys, raw);
    };
  }

  private static ToolCall call(JsonNode node, List<String> argumentKeys, String raw) {
    if (!node.isObject()) {
      return ToolCall.malformed("", raw, "expected a JSON object, found " + kind(node));
    }
    JsonNode name = node.path("name");
    if (!name.isTextual() || name.textValue().isBlank()) {
      return ToolCall.malformed("", raw, "\"name\": expected a string, found " + kind(name));
    }
    List<String> present = argumentKeys.stream().filter(node::has).toList();
    if (present.size() != 1) {
      return ToolCall.malformed(
          name.textValue(),
          raw,
          "expected one of " + argumentKeys + ", found " + (present.isEmpty() ? "none" : present));
    }
    JsonNode arguments = node.path(present.getFirst());
    if (!arguments.isObject()) {
      return ToolCall.malformed(
          name.textValue(),
          raw,
          "\"" + present.getFirst() + "\": expected an object, found " + kind(arguments));
    }
    JsonNode id = node.path("id");
    Optional<String> known = id.isTextual() ? Optional.of(id.textValue()) : Optional.empty();
    return new ToolCall(known, name.textValue(), map(arguments), raw, Optional.empty());
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case MISSING -> "nothing";
      case NULL -> "null";
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      default -> "something else";
    };
  }

  /**
   * The calls in JSON objects that follow each other.
   *
   * @param text nothing but the objects, white space and separators
   * @param separator stands between them
   */
  static List<ToolCall> sequence(String text, char separator, List<String> argumentKeys) {
    List<ToolCall> calls = new ArrayList<>();
    boolean separated = true;
    for (int at = 0; at < text.length(); ) {
      char c = text.charAt(at);
      if (Character.isWhitespace(c)) {
        at++;
      } else if (c == separator && !separated) {
        separated = true;
        at++;
      } else if (c == '{' && separated) {
        int end = end(text, at);
        if (end < 0) {
          calls.add(
              ToolCall.malformed("", text.substring(at), "incomplete: the JSON does not end"));
          return calls;
        }
        String object = text.substring(at, end);
        calls.add(call(object, argumentKeys, object));
        separated = false;
        at = end;
      } else {
        String rest = text.substring(at);
        calls.add(
            ToolCall.malformed("", rest, "expected a JSON object, found \"" + brief(rest) + "\""));
        return calls;
      }
    }
    return calls;
  }

  /** Index after the value that begins with a bracket; -1 if it does not end. */
  static int end(String text, int from) {
    JsonDepth depth = new JsonDepth();
    for (int at = from; at < text.length(); at++) {
      depth.accept(text.charAt(at));
      if (depth.depth() <= 0) {
        return at + 1;
      }
    }
    return -1;
  }

  static String brief(String text) {
    String line = text.strip().replace('\n', ' ');
    return line.length() <= 40 ? line : line.substring(0, 40) + "...";
  }
}
