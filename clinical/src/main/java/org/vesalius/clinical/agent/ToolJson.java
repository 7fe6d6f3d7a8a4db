package org.vesalius.clinical.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.jspecify.annotations.Nullable;

/** Writes parsed JSON as text. */
final class ToolJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ToolJson() {}

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
