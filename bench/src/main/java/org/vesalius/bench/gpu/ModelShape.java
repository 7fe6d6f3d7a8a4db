package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The sizes of a Qwen2.5-VL model and of the runs that measure it, as shapes.json has them for us
 * and for {@code peers.py}.
 *
 * @param name of the entry
 * @param text the decoder, by the names of config.json
 * @param vision the tower, likewise
 * @param runs how long prompts and answers are, and how often things are repeated
 */
record ModelShape(String name, Sizes text, Sizes vision, Sizes runs) {

  /**
   * Numbers by name.
   *
   * @param where they stand, for errors
   */
  record Sizes(String where, JsonNode node) {

    int intValue(String key) {
      return Math.toIntExact(longValue(key));
    }

    long longValue(String key) {
      JsonNode value = node.path(key);
      if (!value.isIntegralNumber() || value.longValue() < 1) {
        throw wrong(key, "a positive whole number", value);
      }
      return value.longValue();
    }

    double doubleValue(String key) {
      JsonNode value = node.path(key);
      if (!value.isNumber()) {
        throw wrong(key, "a number", value);
      }
      return value.doubleValue();
    }

    List<Integer> ints(String key) {
      JsonNode value = node.path(key);
      if (!value.isArray()) {
        throw wrong(key, "a list of whole numbers", value);
      }
      List<Integer> all = new ArrayList<>();
      value.forEach(number -> all.add(number.asInt()));
      return all;
    }

    private IllegalArgumentException wrong(String key, String expected, JsonNode found) {
      return new IllegalArgumentException(
          where + "." + key + ": expected " + expected + ", found " + found);
    }
  }

  /**
   * Reads an entry.
   *
   * @throws IllegalArgumentException if the file has no such entry
   */
  static ModelShape read(Path file, String name) throws IOException {
    JsonNode all = PartFile.JSON.readTree(file.toFile());
    JsonNode entry = all.path(name);
    if (!entry.isObject()) {
      List<String> names = new ArrayList<>();
      all.fieldNames().forEachRemaining(names::add);
      throw new IllegalArgumentException(
          file + ": expected one of " + String.join(", ", names) + ", found " + name);
    }
    String where = file.getFileName() + ": " + name + ".";
    return new ModelShape(
        name,
        new Sizes(where + "text", entry.path("text")),
        new Sizes(where + "vision", entry.path("vision")),
        new Sizes(where + "runs", entry.path("runs")));
  }

  int headSize() {
    return text.intValue("hidden_size") / text.intValue("num_attention_heads");
  }

  int vocabulary() {
    return text.intValue("vocab_size");
  }
}
