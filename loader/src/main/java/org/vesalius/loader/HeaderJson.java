package org.vesalius.loader;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.CharBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.loader.SafetensorsHeader.Entry;

/**
 * The JSON of a safetensors header, each tensor checked by itself: types of all fields, and {@code
 * data_offsets} that agree with shape and element type. How tensors lie next to each other is
 * checked by {@link SafetensorsHeader}.
 */
final class HeaderJson {
  private static final int MAX_RANK = 64;
  private static final String METADATA = "__metadata__";

  private final JsonParser parser;
  private final Path file;
  private final List<Entry> entries = new ArrayList<>();
  private Map<String, String> metadata = Map.of();

  /** The field that is being read, or null outside one. */
  private @Nullable String entryName;

  private HeaderJson(JsonParser parser, Path file) {
    this.parser = parser;
    this.file = file;
  }

  static HeaderJson parse(CharBuffer json, Path file) {
    try (JsonParser parser = StrictJson.headerParser(json)) {
      HeaderJson header = new HeaderJson(parser, file);
      try {
        header.readAll();
      } catch (JsonProcessingException e) {
        throw StrictJson.malformed(file, header.subject(), e);
      }
      return header;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In the order of the JSON. */
  List<Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  private void readAll() throws IOException {
    require(parser.nextToken(), JsonToken.START_OBJECT, "a JSON object");
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      entryName = name;
      requireUnicode(name);
      parser.nextToken();
      if (METADATA.equals(name)) {
        readMetadata();
      } else {
        entries.add(readEntry(name));
      }
      entryName = null;
    }
    if (parser.nextToken() != null) {
      throw error("nothing but white space after the JSON object", found());
    }
  }

  private void readMetadata() throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    require(parser.currentToken(), JsonToken.START_OBJECT, "an object of strings");
    Map<String, String> pairs = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      requireUnicode(key);
      require(parser.nextToken(), JsonToken.VALUE_STRING, "a string for key " + Quote.of(key));
      requireUnicode(parser.getText());
      pairs.put(key, parser.getText());
    }
    metadata = Collections.unmodifiableMap(pairs);
  }

  private Entry readEntry(String name) throws IOException {
    require(
        parser.currentToken(),
        JsonToken.START_OBJECT,
        "an object with \"dtype\", \"shape\" and \"data_offsets\"");
    DType dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "dtype" -> dtype = readDType();
        case "shape" -> shape = readNumbers("shape", MAX_RANK);
        case "data_offsets" -> {
          offsets = readNumbers("data_offsets", 2);
          if (offsets.size() != 2) {
            throw error("two numbers in \"data_offsets\"", Integer.toString(offsets.size()));
          }
        }
        default -> skipValue();
      }
    }
    long begin = present(offsets, "data_offsets").getFirst();
    long end = present(offsets, "data_offsets").getLast();
    Entry entry = new Entry(name, present(dtype, "dtype"), present(shape, "shape"), begin, end);
    requireSize(entry);
    return entry;
  }

  private void requireSize(Entry entry) {
    if (entry.begin() > entry.end()) {
      throw error(
          "data_offsets [begin, end] with begin <= end",
          "[" + entry.begin() + ", " + entry.end() + "]");
    }
    long bits = 1;
    try {
      for (long dimension : entry.shape()) {
        bits = Math.multiplyExact(bits, dimension);
      }
      bits = Math.multiplyExact(bits, entry.dtype().bitSize());
    } catch (ArithmeticException e) {
      throw error(
          "a size that fits into 64 bits", "shape " + entry.shape() + " of " + entry.dtype());
    }
    if (bits % Byte.SIZE != 0) {
      throw error(
          "a number of elements that fills whole bytes",
          "shape " + entry.shape() + " of " + entry.dtype() + ", " + bits + " bits");
    }
    if (bits / Byte.SIZE != entry.byteSize()) {
      throw error(
          (bits / Byte.SIZE) + " bytes for shape " + entry.shape() + " of " + entry.dtype(),
          entry.byteSize() + " in data_offsets [" + entry.begin() + ", " + entry.end() + "]");
    }
  }

  private DType readDType() throws IOException {
    require(parser.currentToken(), JsonToken.VALUE_STRING, "a string for \"dtype\"");
    String name = parser.getText();
    return DType.find(name)
        .orElseThrow(
            () -> error("dtype to be one of " + Arrays.toString(DType.values()), Quote.of(name)));
  }

  private List<Long> readNumbers(String field, int limit) throws IOException {
    require(parser.currentToken(), JsonToken.START_ARRAY, "a list for \"" + field + "\"");
    List<Long> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      require(
          parser.currentToken(),
          JsonToken.VALUE_NUMBER_INT,
          "only whole numbers in \"" + field + "\"");
      if (numbers.size() == limit) {
        throw error("at most " + limit + " numbers in \"" + field + "\"", "more");
      }
      numbers.add(readNumber(field));
    }
    return numbers;
  }

  private long readNumber(String field) throws IOException {
    String digits = parser.getText();
    if (digits.startsWith("-")) {
      throw error("no negative number in \"" + field + "\"", clip(digits));
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw error("numbers below 2^63 in \"" + field + "\"", clip(digits));
    }
  }

  /** A value of a field that this version does not know; its JSON is checked all the same. */
  private void skipValue() throws IOException {
    int depth = 0;
    while (true) {
      JsonToken token = parser.currentToken();
      if (token == JsonToken.FIELD_NAME || token == JsonToken.VALUE_STRING) {
        requireUnicode(parser.getText());
      } else if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.VALUE_NUMBER_FLOAT
          && Double.isInfinite(Double.parseDouble(parser.getText()))) {
        throw error("numbers within the range of a double", clip(parser.getText()));
      }
      if (depth == 0) {
        return;
      }
      parser.nextToken();
    }
  }

  private <T> T present(@Nullable T value, String field) {
    if (value == null) {
      throw error("the field \"" + field + "\"", "none");
    }
    return value;
  }

  private void require(@Nullable JsonToken token, JsonToken wanted, String expected)
      throws IOException {
    if (token != wanted) {
      throw error(expected, found());
    }
  }

  /** An escaped half of a surrogate pair is no character, and no other file can name it. */
  private void requireUnicode(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        // A pair comes as one code point above; what is in the range stands alone.
        if (Character.isSurrogate((char) text.codePointAt(i))
            && text.codePointAt(i) <= Character.MAX_VALUE) {
          throw error("Unicode text", "half a surrogate pair in " + Quote.of(text));
        }
        i++;
      }
    }
  }

  private String found() throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      return "the end of the header";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "a list";
      case VALUE_STRING -> "the string " + Quote.of(parser.getText());
      default -> clip(parser.getText());
    };
  }

  private static String clip(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  private String subject() {
    if (entryName == null) {
      return "header";
    }
    return METADATA.equals(entryName) ? METADATA : "tensor " + Quote.of(entryName);
  }

  private ModelFormatException error(String expected, String found) {
    return ModelFormatException.of(file, subject(), expected, found);
  }
}
