package org.vesalius.clinical.scores;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A published score. For development and research; it is no medical advice.
 *
 * @param name that it is asked for by
 * @param title for people
 * @param version which of its published forms
 * @param inputs all of which are needed
 * @param definition the formula in words or symbols
 * @param formula calculates it
 * @param unit of the value; empty for points
 * @param digits after the point that are shown
 * @param bands what the source says of values as they are shown, ascending; may be empty
 * @param source author, year and journal
 */
public record ClinicalScore(
    String name,
    String title,
    String version,
    List<ScoreInput> inputs,
    String definition,
    Formula formula,
    String unit,
    int digits,
    List<Band> bands,
    String source) {

  /** Calculates a value. */
  @FunctionalInterface
  public interface Formula {
    /** The value; what leads to it may be noted in the sheet. */
    double of(Worksheet sheet);
  }

  /**
   * What a source says of values.
   *
   * @param from the least value of the band, rounded as values are shown
   * @param meaning what is said
   */
  public record Band(double from, String meaning) {}

  /** Copies the lists and checks the order of the bands. */
  public ClinicalScore {
    inputs = List.copyOf(inputs);
    bands = List.copyOf(bands);
    for (int i = 1; i < bands.size(); i++) {
      if (!(bands.get(i - 1).from() < bands.get(i).from())) {
        throw new IllegalArgumentException("score " + name + ": expected ascending bands");
      }
    }
  }

  /**
   * Calculates it.
   *
   * @param given by the names of the inputs: booleans, texts, numbers with units as text such as
   *     {@code "1.2 mg/dL"}, numbers without
   * @throws ScoreInputException if one is missing, unknown, of a wrong unit, or out of range
   */
  public ScoreResult calculate(Map<String, ? extends @Nullable Object> given) {
    for (String name : given.keySet()) {
      if (inputs.stream().noneMatch(input -> input.name().equals(name))) {
        throw new ScoreInputException(
            "input \"%s\": %s has no such input; expected %s"
                .formatted(
                    name.length() > 60 ? name.substring(0, 60) : name,
                    this.name,
                    inputs.stream().map(ScoreInput::name).toList()));
      }
    }
    Map<String, Object> values = new LinkedHashMap<>();
    Map<String, String> shown = new LinkedHashMap<>();
    for (ScoreInput input : inputs) {
      InputReader.Read read =
          InputReader.read(input, Optional.ofNullable((Object) given.get(input.name())));
      values.put(input.name(), read.value());
      shown.put(input.name(), read.shown());
    }
    Worksheet sheet = new Worksheet(values);
    double value = formula.of(sheet);
    return new ScoreResult(this, shown, value, sheet.parts(), band(value), sheet.notes());
  }

  private String band(double value) {
    // Of the value that a reader sees, so that the two never say different things.
    double shown = Double.parseDouble(ScoreResult.number(value, digits));
    String meaning = "";
    for (Band band : bands) {
      meaning = shown >= band.from() ? band.meaning() : meaning;
    }
    return meaning;
  }
}
