package org.vesalius.clinical.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes parsed JSON as text. */
final class ToolJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ToolJson() {}

  /**
   * The same with the members of every object in the order of their names. {@code Map.of} has
   * another order in every process, and what a model reads must not.
   */
  static @Nullable Object ordered(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        map.forEach((key, item) -> sorted.put(String.valueOf(key), ordered(item)));
        yield sorted;
      }
      case List<?> list -> {
        List<@Nullable Object> copy = new ArrayList<>();
        list.forEach(item -> copy.add(ordered(item)));
        yield copy;
      }
      case null -> null;
      default -> value;
    };
  }

  /**
   * The text.
   *
   * @throws IllegalArgumentException if it is no parsed JSON
   */
  static String write(@Nullable Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("expected parsed JSON: " + e.getOriginalMessage(), e);
    }
  }
}
