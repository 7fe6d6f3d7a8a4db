package org.vesalius.runtime.answer;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The parameter types of the tools that a request offers, for formats that write none. */
final class ToolSchemas {
  private static final Pattern INTEGER = Pattern.compile("[+-]?\\d{1,1000}");
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d{1,400}\\.?\\d{0,400}|\\.\\d{1,400})([eE][+-]?\\d{1,4})?");

  private final Map<String, Map<?, ?>> properties = new HashMap<>();
  private final boolean empty;

  /**
   * @param tools definitions in OpenAI's form, or the functions alone
   */
  ToolSchemas(List<Map<String, Object>> tools) {
    empty = tools.isEmpty();
    for (Map<String, Object> tool : tools) {
      Map<?, ?> function = map(tool.getOrDefault("function", tool));
      if (function.get("name") instanceof String name) {
        properties.put(name, map(map(function.get("parameters")).get("properties")));
      }
    }
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  boolean isEmpty() {
    return empty;
  }

  /**
   * A parameter's text as the type that the tool's definition gives it; a string where it gives
   * none.
   *
   * @throws Malformed if the text is not of that type
   */
  @Nullable Object value(String function, String parameter, String text) {
    List<String> types = types(function, parameter);
    for (String type : types) {
      if (!type.equals("string")) {
        Typed typed = typed(type, text.strip());
        if (typed.fits()) {
          return typed.value();
        }
      }
    }
    if (types.isEmpty() || types.contains("string")) {
      return text;
    }
    throw new Malformed(
        "parameter \""
            + parameter
            + "\": expected "
            + String.join(" or ", types)
            + ", found \""
            + CallJson.brief(text)
            + "\"");
  }

  private List<String> types(String function, String parameter) {
    Object type = map(properties.getOrDefault(function, Map.of()).get(parameter)).get("type");
    if (type instanceof List<?> list) {
      return list.stream().map(Objects::toString).toList();
    }
    return type instanceof String name ? List.of(name) : List.of();
  }

  /** A value, which may be null, or none. */
  private record Typed(boolean fits, @Nullable Object value) {
    static final Typed NONE = new Typed(false, null);

    static Typed of(@Nullable Object value) {
      return new Typed(true, value);
    }
  }

  private static Typed typed(String type, String text) {
    return switch (type) {
      case "integer" -> integer(text);
      case "number" -> {
        Typed whole = integer(text);
        yield whole.fits() ? whole : number(text);
      }
      case "boolean" ->
          switch (text) {
            case "true", "True" -> Typed.of(true);
            case "false", "False" -> Typed.of(false);
            default -> Typed.NONE;
          };
      case "null" -> text.equals("null") || text.equals("None") ? Typed.of(null) : Typed.NONE;
      case "object" -> structure(text, '{');
      case "array" -> structure(text, '[');
      default -> Typed.NONE;
    };
  }

  private static Typed integer(String text) {
    if (!INTEGER.matcher(text).matches()) {
      return Typed.NONE;
    }
    BigInteger value = new BigInteger(text);
    return Typed.of(value.bitLength() < Long.SIZE ? (Object) value.longValue() : value);
  }

  private static Typed number(String text) {
    if (!NUMBER.matcher(text).matches()) {
      return Typed.NONE;
    }
    double value = Double.parseDouble(text);
    return Double.isFinite(value) ? Typed.of(value) : Typed.NONE;
  }

  /** JSON, or a Python literal, since the chat template itself writes objects as Python does. */
  private static Typed structure(String text, char bracket) {
    if (text.isEmpty() || text.charAt(0) != bracket) {
      return Typed.NONE;
    }
    if (CallJson.parse(text) instanceof CallJson.Parsed.Value(JsonNode node)) {
      return Typed.of(CallJson.value(node));
    }
    try {
      return Typed.of(new PythonReader(text).onlyValue());
    } catch (Malformed e) {
      return Typed.NONE;
    }
  }
}
