package org.vesalius.runtime.prompt.jinja;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Templates with what the reference renders for them; {@code generate.py} beside them makes them.
 */
record ReferenceCases(Map<String, @Nullable Object> variables, List<Case> cases) {
  /** The time at which the reference rendered. */
  static final Clock CLOCK = Clock.fixed(Instant.parse("2025-01-02T03:04:05Z"), ZoneOffset.UTC);

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Exactly one of {@code output} and {@code error} is there. */
  record Case(String template, @Nullable String output, @Nullable String error) {
    /** The message without the type of the Python exception in front. */
    String message() {
      return error == null ? "" : error.substring(error.indexOf(": ") + 2);
    }
  }

  static ReferenceCases read(String resource) {
    try (InputStream in = ReferenceCases.class.getResourceAsStream(resource)) {
      Objects.requireNonNull(in, resource);
      JsonNode root = JSON.readTree(resource.endsWith(".gz") ? new GZIPInputStream(in) : in);
      List<Case> cases = new ArrayList<>();
      for (JsonNode each : root.get("cases")) {
        cases.add(
            new Case(
                each.get("template").asText(),
                each.path("out").textValue(),
                each.path("error").textValue()));
      }
      return new ReferenceCases(
          JSON.convertValue(root.get("variables"), new TypeReference<>() {}), cases);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
