package org.vesalius.runtime.prompt;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.prompt.jinja.TemplateException;
import org.vesalius.runtime.prompt.jinja.Text;

/** Turns messages as clients send them into what templates expect, each string with its origin. */
final class Conversation {
  private static final int MAX_DEPTH = 100;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String template;

  Conversation(String template) {
    this.template = template;
  }

  List<@Nullable Object> messages(
      List<? extends Map<String, ? extends @Nullable Object>> messages) {
    List<@Nullable Object> result = new ArrayList<>();
    for (Map<String, ? extends @Nullable Object> message : messages) {
      boolean assistant = "assistant".equals(message.get("role"));
      Map<Object, @Nullable Object> copy = new LinkedHashMap<>();
      message.forEach((key, value) -> {
        boolean calls = key.equals("tool_calls");
        // What a model wrote may hold tokens such as </think>; arguments of calls never do.
        int origin = assistant && !calls ? LiteralTokens.ASSISTANT : LiteralTokens.OUTSIDE;
        copy.put(traced(key, LiteralTokens.OUTSIDE), traced(normalised(key, value), origin));
      });
      result.add(copy);
    }
    return result;
  }

  /** A deep copy whose strings, also those that are keys, are from {@code origin}. */
  @Nullable Object traced(@Nullable Object value, int origin) {
    return traced(value, origin, 0);
  }

  private @Nullable Object traced(@Nullable Object value, int origin, int depth) {
    if (depth > MAX_DEPTH) {
      throw new TemplateException(
          template, 0, "messages or tools nested more than " + MAX_DEPTH + " levels deep");
    }
    return switch (value) {
      case CharSequence text -> Text.of(text.toString(), origin);
      case Map<?, ?> map -> {
        Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>();
        map.forEach((key, item) ->
            copy.put(traced(key, origin, depth + 1), traced(item, origin, depth + 1)));
        yield copy;
      }
      case Iterable<?> items -> {
        List<@Nullable Object> copy = new ArrayList<>();
        items.forEach(item -> copy.add(traced(item, origin, depth + 1)));
        yield copy;
      }
      case null -> null;
      default -> value;
    };
  }

  private static @Nullable Object normalised(String key, @Nullable Object value) {
    return switch (key) {
      case "tool_calls" -> withParsedArguments(value);
      case "content" -> withImageParts(value);
      default -> value;
    };
  }

  /** OpenAI's {@code image_url} parts as the {@code image} parts that templates look for. */
  private static @Nullable Object withImageParts(@Nullable Object content) {
    if (!(content instanceof List<?> parts)) {
      return content;
    }
    List<@Nullable Object> result = new ArrayList<>();
    for (Object part : parts) {
      boolean openAi =
          part instanceof Map<?, ?> map
              && "image_url".equals(map.get("type"))
              && map.containsKey("image_url");
      if (openAi) {
        Object image = ((Map<?, ?>) part).get("image_url");
        Object url = image instanceof Map<?, ?> details ? details.get("url") : image;
        Map<String, @Nullable Object> converted = new LinkedHashMap<>();
        converted.put("type", "image");
        converted.put("url", url == null ? "" : url);
        result.add(converted);
      } else {
        result.add(part);
      }
    }
    return result;
  }

  /** Tool calls whose arguments, which clients send as JSON text, are the objects they describe. */
  private static @Nullable Object withParsedArguments(@Nullable Object calls) {
    if (!(calls instanceof Iterable<?> list)) {
      return calls;
    }
    List<@Nullable Object> result = new ArrayList<>();
    for (Object call : list) {
      Object parsed = call;
      if (call instanceof Map<?, ?> map) {
        Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>(map);
        if (map.get("function") instanceof Map<?, ?> function) {
          Map<@Nullable Object, @Nullable Object> inner = new LinkedHashMap<>(function);
          inner.computeIfPresent("arguments", (_, arguments) -> parsed(arguments));
          copy.put("function", inner);
        }
        copy.computeIfPresent("arguments", (_, arguments) -> parsed(arguments));
        parsed = copy;
      }
      result.add(parsed);
    }
    return result;
  }

  // Text that is not a JSON object stays: a model may have written it, and the conversation has to
  // go on.
  private static Object parsed(Object arguments) {
    if (!(arguments instanceof CharSequence text)) {
      return arguments;
    }
    String json = text.toString().strip();
    if (json.isEmpty()) {
      return Map.of();
    }
    if (json.startsWith("{")) {
      try {
        return JSON.readValue(json, Map.class);
      } catch (JacksonException _) {
        return arguments;
      }
    }
    return arguments;
  }
}
