package org.vesalius.runtime.answer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Reads coordinates. */
final class Numbers {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?\\d{1,50}(\\.\\d{0,50})?([eE][+-]?\\d{1,4})?");
  private static final Pattern SEPARATOR = Pattern.compile("[\\s,]+");
  private static final int MOST = 10_000;

  private Numbers() {}

  /**
   * Numbers with white space or commas between.
   *
   * @throws Malformed if something else is there
   */
  static List<Double> of(String text) {
    List<Double> numbers = new ArrayList<>();
    for (String word : SEPARATOR.split(text.strip(), MOST)) {
      if (!NUMBER.matcher(word).matches()) {
        throw new Malformed("not a number: \"" + CallJson.brief(word) + "\"");
      }
      numbers.add(Double.parseDouble(word));
    }
    return numbers;
  }

  /**
   * The numbers in a JSON array.
   *
   * @throws Malformed if it is none or has something else in it
   */
  static List<Double> of(JsonNode array) {
    if (!array.isArray()) {
      throw new Malformed(
          "expected an array of numbers, found " + CallJson.brief(array.toString()));
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode entry : array) {
      if (!entry.isNumber()) {
        throw new Malformed("not a number: " + CallJson.brief(entry.toString()));
      }
      numbers.add(entry.doubleValue());
    }
    return numbers;
  }

  /** The entries of an array of arrays, or the array itself. */
  static List<JsonNode> groups(JsonNode array) {
    if (array.isArray() && !array.isEmpty() && array.get(0).isArray()) {
      List<JsonNode> groups = new ArrayList<>();
      array.forEach(groups::add);
      return groups;
    }
    return List.of(array);
  }
}
