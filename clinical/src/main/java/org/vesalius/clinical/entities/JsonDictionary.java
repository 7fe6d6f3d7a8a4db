package org.vesalius.clinical.entities;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads entities from JSON: an array of objects, or an object with one field {@code entities} that
 * is such an array. An object has {@code id}, {@code name} and, if need be, {@code synonyms} and
 * {@code parents} (arrays of strings) and {@code children} (an array of objects like it, which have
 * it as a parent).
 */
final class JsonDictionary {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(200)
                  .maxStringLength(1 << 16)
                  .maxNameLength(1 << 10)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final EntityTreeBuilder builder;
  private final String origin;
  private final JsonParser parser;

  private JsonDictionary(EntityTreeBuilder builder, String origin, JsonParser parser) {
    this.builder = builder;
    this.origin = origin;
    this.parser = parser;
  }

  static void read(EntityTreeBuilder builder, String origin, InputStream stream)
      throws IOException {
    try (JsonParser parser = JSON.createParser(stream)) {
      new JsonDictionary(builder, origin, parser).read();
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation() == null ? JsonLocation.NA : e.getLocation();
      throw new DictionaryFormatException(
          origin, at.getLineNr(), at.getColumnNr(), "no valid JSON: " + e.getOriginalMessage(), e);
    } catch (CharConversionException e) {
      throw new DictionaryFormatException(origin, "no valid JSON: " + e.getMessage());
    }
  }

  private void read() throws IOException {
    JsonToken first = parser.nextToken();
    if (first == JsonToken.START_OBJECT) {
      expect(parser.nextToken(), JsonToken.FIELD_NAME, "the field \"entities\"");
      if (!parser.currentName().equals("entities")) {
        throw unknown("entities");
      }
      parser.nextToken();
      entities(Optional.empty());
      expect(parser.nextToken(), JsonToken.END_OBJECT, "nothing else beside \"entities\"");
    } else {
      entities(Optional.empty());
    }
    if (parser.nextToken() != null) {
      throw error("expected the end of the file");
    }
  }

  private void entities(Optional<String> parent) throws IOException {
    expect(parser.currentToken(), JsonToken.START_ARRAY, "an array of entities");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      entity(parent);
    }
  }

  private void entity(Optional<String> parent) throws IOException {
    expect(parser.currentToken(), JsonToken.START_OBJECT, "an object with id and name");
    JsonLocation begin = parser.currentTokenLocation();
    int entity = -1;
    boolean named = false;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      parser.nextToken();
      if (entity < 0 && !field.equals("id")) {
        throw error("expected \"id\" as an entity's first field, found " + quoted(field));
      }
      try {
        switch (field) {
          case "id" -> {
            entity = builder.entity(string());
            if (parent.isPresent()) {
              builder.parent(entity, parent.get());
            }
          }
          case "name" -> {
            builder.name(entity, string(), NameKind.PREFERRED);
            named = true;
          }
          case "synonyms" -> {
            expect(parser.currentToken(), JsonToken.START_ARRAY, "an array of strings");
            while (parser.nextToken() != JsonToken.END_ARRAY) {
              builder.name(entity, string(), NameKind.EXACT);
            }
          }
          case "parents" -> {
            expect(parser.currentToken(), JsonToken.START_ARRAY, "an array of ids");
            while (parser.nextToken() != JsonToken.END_ARRAY) {
              builder.parent(entity, string());
            }
          }
          case "children" -> entities(Optional.of(builder.id(entity)));
          default -> throw unknown("id, name, synonyms, parents, children");
        }
      } catch (IllegalArgumentException e) {
        throw error(String.valueOf(e.getMessage()));
      }
    }
    if (!named) {
      throw error(begin, "expected an entity with \"id\" and \"name\"");
    }
  }

  private String string() throws IOException {
    expect(parser.currentToken(), JsonToken.VALUE_STRING, "a string");
    return parser.getText();
  }

  private void expect(@Nullable JsonToken found, JsonToken expected, String what) {
    if (found != expected) {
      throw error("expected " + what + ", found " + (found == null ? "the end" : found.name()));
    }
  }

  private DictionaryFormatException unknown(String known) throws IOException {
    return error("expected one of the fields " + known + ", found " + quoted(parser.currentName()));
  }

  private static String quoted(String text) {
    return DictionaryFormatException.quoted(text);
  }

  private DictionaryFormatException error(String problem) {
    return error(parser.currentTokenLocation(), problem);
  }

  private DictionaryFormatException error(JsonLocation at, String problem) {
    return new DictionaryFormatException(origin, at.getLineNr(), at.getColumnNr(), problem);
  }
}
