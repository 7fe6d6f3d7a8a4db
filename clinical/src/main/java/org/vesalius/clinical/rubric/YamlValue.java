package org.vesalius.clinical.rubric;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of a YAML text with the line where it stands. */
sealed interface YamlValue {
  int MAX_DEPTH = 32;

  /** From 1. */
  int line();

  record Mapping(int line, Map<String, YamlValue> entries) implements YamlValue {}

  record Sequence(int line, List<YamlValue> items) implements YamlValue {}

  record Text(int line, String text) implements YamlValue {}

  record Numeral(int line, String literal) implements YamlValue {}

  record Flag(int line, boolean value) implements YamlValue {}

  record Nothing(int line) implements YamlValue {}

  /**
   * Reads one document.
   *
   * @throws RubricException if it is no YAML, has a key twice, an anchor, or is nested too deeply
   */
  static YamlValue read(String yaml, String origin) {
    try (YAMLParser parser = new YAMLFactory().createParser(yaml)) {
      parser.nextToken();
      YamlValue value = value(parser, origin, 0);
      if (parser.nextToken() != null) {
        throw fail(origin, line(parser), "expected one document, found more");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw fail(
          origin, e.getLocation() == null ? 1 : e.getLocation().getLineNr(), "no valid YAML");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static RubricException fail(String origin, int line, String problem) {
    return new RubricException("%s: line %d: %s".formatted(origin, line, problem));
  }

  private static int line(JsonParser parser) {
    return Math.max(1, parser.currentTokenLocation().getLineNr());
  }

  private static YamlValue value(YAMLParser parser, String origin, int depth) throws IOException {
    int line = line(parser);
    if (depth > MAX_DEPTH) {
      throw fail(origin, line, "expected at most " + MAX_DEPTH + " levels, found more");
    }
    if (parser.isCurrentAlias() || parser.getObjectId() != null) {
      throw fail(origin, line, "expected no anchors and aliases, found one; write the value out");
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(parser, origin, depth);
      case START_ARRAY -> {
        List<YamlValue> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(parser, origin, depth + 1));
        }
        yield new Sequence(line, items);
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Numeral(line, parser.getText());
      case VALUE_TRUE -> new Flag(line, true);
      case VALUE_FALSE -> new Flag(line, false);
      case VALUE_STRING -> new Text(line, parser.getText());
      case null, default -> new Nothing(line);
    };
  }

  private static Mapping mapping(YAMLParser parser, String origin, int depth) throws IOException {
    int line = line(parser);
    Map<String, YamlValue> entries = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      int at = line(parser);
      parser.nextToken();
      if (entries.put(key, value(parser, origin, depth + 1)) != null) {
        throw fail(origin, at, "expected each key once, found \"" + key + "\" again");
      }
    }
    return new Mapping(line, entries);
  }
}
