package org.vesalius.clinical.trace;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Parsed JSON to text and back without losing a bit: integers are {@code Integer}, {@code Long} or
 * {@code BigInteger}; other numbers {@code Double} where its shortest text is the number's, and
 * {@code BigDecimal} where it is not. Text is ASCII, so that no tool can take it for something
 * else, and every UTF-16 unit of a value survives, half of a pair too.
 */
final class TraceJson {
  /** The schema's validator reads no deeper. */
  private static final int MAX_DEPTH = 400;

  private static final int MAX_NAME = 50_000;

  /** As the parser's own, for both directions. */
  private static final int MAX_DIGITS = 1_000;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(TraceFile.MAX_BYTES)
                  .maxNameLength(MAX_NAME)
                  .maxNumberLength(MAX_DIGITS)
                  .build())
          .streamWriteConstraints(
              StreamWriteConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();

  private static final DefaultPrettyPrinter PRETTY = new DefaultPrettyPrinter();

  private TraceJson() {}

  /**
   * Text of a value.
   *
   * @throws IllegalArgumentException if no JSON says what it is
   */
  static String text(@Nullable Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      write(value, json);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "expected JSON nested at most %d deep, found more".formatted(MAX_DEPTH), e);
    } catch (IOException e) {
      throw new UncheckedIOException("a string could not be written", e);
    }
    return text.toString();
  }

  /** Text of a value for people: several lines, and letters of all scripts as they are. */
  static String pretty(@Nullable Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.setPrettyPrinter(PRETTY.createInstance());
      json.setHighestNonEscapedChar(0);
      write(value, json);
    } catch (IOException e) {
      throw new UncheckedIOException("a string could not be written", e);
    }
    return text.toString();
  }

  private static void write(@Nullable Object value, JsonGenerator json) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case String text -> json.writeString(text);
      case Boolean truth -> json.writeBoolean(truth);
      case Number number -> json.writeNumber(text(number));
      case List<?> list -> {
        json.writeStartArray();
        for (Object item : list) {
          write(item, json);
        }
        json.writeEndArray();
      }
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> member : map.entrySet()) {
          json.writeFieldName(name(member.getKey()));
          write(member.getValue(), json);
        }
        json.writeEndObject();
      }
      default ->
          throw new IllegalArgumentException(
              "expected parsed JSON, found a " + value.getClass().getSimpleName());
    }
  }

  private static String name(@Nullable Object key) {
    if (key instanceof String name && name.length() <= MAX_NAME && isUnicode(name)) {
      return name;
    }
    throw new IllegalArgumentException(
        "expected names of members of at most %d characters without half of a pair, found another"
            .formatted(MAX_NAME));
  }

  /** The parser takes half of a surrogate pair in values only. */
  private static boolean isUnicode(String text) {
    return text.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE);
  }

  private static String text(Number number) {
    boolean known =
        switch (number) {
          case Double real -> Double.isFinite(real);
          case Float real -> Float.isFinite(real);
          case Byte _, Short _, Integer _, Long _, BigInteger _, BigDecimal _ -> true;
          default -> false;
        };
    String text = number.toString();
    if (!known || text.length() > MAX_DIGITS) {
      throw new IllegalArgumentException(
          "expected a finite number of at most %d digits, found another".formatted(MAX_DIGITS));
    }
    return text;
  }

  /**
   * Value of a text.
   *
   * @throws TraceFormatException if it is not one JSON value
   */
  static @Nullable Object value(byte[] text, String origin, int line) {
    try (JsonParser json = JSON.createParser(text)) {
      json.nextToken();
      Object value = value(json);
      if (json.nextToken() != null) {
        throw new TraceFormatException(origin, line, "expected one JSON value, found more");
      }
      return value;
    } catch (JacksonException e) {
      // Neither its message nor itself as the cause: both repeat some of the text.
      throw new TraceFormatException(
          origin, line, "expected JSON, found a mistake at column " + column(e));
    } catch (NumberFormatException _) {
      throw new TraceFormatException(origin, line, "expected JSON, found a number beyond bounds");
    } catch (IOException e) {
      throw new UncheckedIOException("an array could not be read", e);
    }
  }

  private static int column(JacksonException mistake) {
    return mistake.getLocation() == null ? 1 : mistake.getLocation().getColumnNr();
  }

  private static @Nullable Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getNumberValue();
      case VALUE_NUMBER_FLOAT -> real(json.getText());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String name = json.currentName();
          json.nextToken();
          map.put(name, value(json));
        }
        yield map;
      }
      case null, default -> throw new JsonParseException(json, "no value");
    };
  }

  private static Number real(String text) {
    double nearest = Double.parseDouble(text);
    return Double.toString(nearest).equals(text) ? (Number) nearest : new BigDecimal(text);
  }
}
