package org.vesalius.loader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A JSON object of a configuration file that gives typed values and knows where it stands.
 *
 * <p>Every value that is missing or of another type is a {@link ModelFormatException} with the
 * file, the dotted path of the key, what was expected and what was found. A key whose value is
 * {@code null} counts as absent, as it does for the configurations of transformers. Whole numbers
 * must be written as such ({@code 8}, not {@code 8.0}) and fit; {@code double} values must be
 * finite, may be written as whole numbers, and are refused when too large.
 *
 * <p>Files are strict JSON in UTF-8 without duplicate keys, at most 100 MB, with one exception:
 * Python writes the tokens {@code NaN}, {@code Infinity} and {@code -Infinity}, so they parse; only
 * asking for such a value is an error. Instances are immutable.
 */
public final class ConfigNode {
  private static final long MAX_FILE_BYTES = 100_000_000;

  private static final ObjectNode EMPTY = JsonNodeFactory.instance.objectNode();

  private final Path file;
  private final String path;
  private final ObjectNode node;

  private ConfigNode(Path file, String path, ObjectNode node) {
    this.file = file;
    this.path = path;
    this.node = node;
  }

  /**
   * Reads a file that holds one JSON object.
   *
   * @throws ModelFormatException when it is missing or is not such a file
   */
  public static ConfigNode read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw ModelFormatException.of(
          file, "file", "a JSON file", "no such file", "is the download complete?");
    }
    try {
      long size = Files.size(file);
      if (size > MAX_FILE_BYTES) {
        throw ModelFormatException.of(
            file, "file", "at most " + MAX_FILE_BYTES + " bytes", Long.toString(size));
      }
      return parse(Files.readAllBytes(file), file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": could not be read: " + e, e);
    }
  }

  /** Reads a file of a folder when it exists. */
  public static Optional<ConfigNode> readOptional(Path directory, String name) {
    Path file = directory.resolve(name);
    return Files.exists(file) ? Optional.of(read(file)) : Optional.empty();
  }

  /** The object in these bytes; {@code file} is only a name for messages. */
  public static ConfigNode parse(byte[] json, Path file) {
    JsonNode node = StrictJson.tree(json, file);
    if (!(node instanceof ObjectNode object)) {
      throw ModelFormatException.of(file, "JSON", "an object", describe(node));
    }
    return new ConfigNode(file, "", object);
  }

  /** The file, for messages. */
  public Path file() {
    return file;
  }

  /** The dotted path of this object in its file; empty for the whole file. */
  public String path() {
    return path;
  }

  /** The keys in the order of the file, those with the value {@code null} included. */
  public Set<String> keys() {
    Set<String> keys = new LinkedHashSet<>();
    node.fieldNames().forEachRemaining(keys::add);
    return Collections.unmodifiableSet(keys);
  }

  /** Whether the key is present with a value other than {@code null}. */
  public boolean has(String key) {
    return node.hasNonNull(key);
  }

  /** Whether the key is present and its value is {@code null}. */
  public boolean isNull(String key) {
    return node.has(key) && !has(key);
  }

  /** Whether the value is an object. */
  public boolean isObject(String key) {
    return node.path(key).isObject();
  }

  /** Whether the value is a list. */
  public boolean isList(String key) {
    return node.path(key).isArray();
  }

  public ConfigNode object(String key) {
    return asObject(present(key, "an object"), key);
  }

  public Optional<ConfigNode> optionalObject(String key) {
    return has(key) ? Optional.of(object(key)) : Optional.empty();
  }

  public List<ConfigNode> objects(String key) {
    return list(key, "a list of objects", this::asObject);
  }

  public int intValue(String key) {
    return asInt(present(key, "an integer"), key);
  }

  public int intValue(String key, int defaultValue) {
    return has(key) ? intValue(key) : defaultValue;
  }

  public OptionalInt optionalInt(String key) {
    return has(key) ? OptionalInt.of(intValue(key)) : OptionalInt.empty();
  }

  public long longValue(String key) {
    JsonNode value = present(key, "an integer");
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw error(key, "an integer of 64 bits", describe(value));
    }
    return value.longValue();
  }

  public long longValue(String key, long defaultValue) {
    return has(key) ? longValue(key) : defaultValue;
  }

  public double doubleValue(String key) {
    return asDouble(present(key, "a number"), key);
  }

  public double doubleValue(String key, double defaultValue) {
    return has(key) ? doubleValue(key) : defaultValue;
  }

  public OptionalDouble optionalDouble(String key) {
    return has(key) ? OptionalDouble.of(doubleValue(key)) : OptionalDouble.empty();
  }

  public boolean booleanValue(String key) {
    JsonNode value = present(key, "true or false");
    if (!value.isBoolean()) {
      throw error(key, "true or false", describe(value));
    }
    return value.booleanValue();
  }

  public boolean booleanValue(String key, boolean defaultValue) {
    return has(key) ? booleanValue(key) : defaultValue;
  }

  public String string(String key) {
    return asString(present(key, "a string"), key);
  }

  public String string(String key, String defaultValue) {
    return has(key) ? string(key) : defaultValue;
  }

  public Optional<String> optionalString(String key) {
    return has(key) ? Optional.of(string(key)) : Optional.empty();
  }

  public int[] ints(String key) {
    return list(key, "a list of integers", this::asInt).stream()
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** A list of integers, or one integer as a list of one, as {@code eos_token_id} is written. */
  public int[] intOrInts(String key) {
    return isList(key)
        ? ints(key)
        : new int[] {asInt(present(key, "an integer or a list of integers"), key)};
  }

  /** A list of lists of integers, as {@code image_grid_pinpoints} is written. */
  public List<List<Integer>> intLists(String key) {
    return list(
        key,
        "a list of lists of integers",
        (value, element) -> elements(value, element, "a list of integers", this::asInt));
  }

  public double[] doubles(String key) {
    return list(key, "a list of numbers", this::asDouble).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  public List<String> strings(String key) {
    return list(key, "a list of strings", this::asString);
  }

  /** An error about a key of this object, for callers that check more than the type. */
  public ModelFormatException error(String key, String expected, String found) {
    return ModelFormatException.of(file, "key " + Quote.of(path(key)), expected, found);
  }

  /** The dotted path of a key of this object. */
  public String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** The object of this key, or an empty one in its place. */
  ConfigNode objectOrEmpty(String key) {
    return optionalObject(key).orElseGet(() -> new ConfigNode(file, path(key), EMPTY));
  }

  /** This object with a text put in. */
  ConfigNode with(String key, String value) {
    ObjectNode copy = node.deepCopy();
    return new ConfigNode(file, path, copy.put(key, value));
  }

  /** This object with a number put in where the key has no value. */
  ConfigNode withDefault(String key, double value) {
    ObjectNode copy = node.deepCopy();
    return has(key) ? this : new ConfigNode(file, path, copy.put(key, value));
  }

  /** This object with a whole number put in where the key does not occur, not even as null. */
  public ConfigNode withDefault(String key, int value) {
    return node.has(key) ? this : with(key, value);
  }

  /** This object with a whole number put in. */
  ConfigNode with(String key, int value) {
    ObjectNode copy = node.deepCopy();
    return new ConfigNode(file, path, copy.put(key, value));
  }

  private interface Conversion<T> {
    T of(JsonNode value, String key);
  }

  private <T> List<T> list(String key, String expected, Conversion<T> conversion) {
    return elements(present(key, expected), key, expected, conversion);
  }

  private <T> List<T> elements(
      JsonNode value, String key, String expected, Conversion<T> conversion) {
    if (!value.isArray()) {
      throw error(key, expected, describe(value));
    }
    List<T> elements = new ArrayList<>(value.size());
    for (JsonNode element : value) {
      elements.add(conversion.of(element, key + "[" + elements.size() + "]"));
    }
    return List.copyOf(elements);
  }

  private JsonNode present(String key, String expected) {
    JsonNode value = node.get(key);
    if (value == null || value.isNull()) {
      throw error(key, expected, value == null ? "no such key" : "null");
    }
    return value;
  }

  private ConfigNode asObject(JsonNode value, String key) {
    if (!(value instanceof ObjectNode object)) {
      throw error(key, "an object", describe(value));
    }
    return new ConfigNode(file, path(key), object);
  }

  private int asInt(JsonNode value, String key) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw error(key, "an integer of 32 bits", describe(value));
    }
    return value.intValue();
  }

  private double asDouble(JsonNode value, String key) {
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw error(key, "a finite number", describe(value));
    }
    return value.doubleValue();
  }

  private String asString(JsonNode value, String key) {
    if (!value.isTextual()) {
      throw error(key, "a string", describe(value));
    }
    return value.textValue();
  }

  private static String describe(JsonNode value) {
    return switch (value.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "a list";
      case STRING -> "the string " + Quote.of(value.textValue());
      case MISSING -> "nothing";
      default -> {
        String text = value.asText();
        yield text.length() <= 40 ? text : text.substring(0, 40) + "…";
      }
    };
  }

  /** The path of the file and of the object in it. */
  @Override
  public String toString() {
    return path.isEmpty() ? file.toString() : file + ": " + path;
  }
}
