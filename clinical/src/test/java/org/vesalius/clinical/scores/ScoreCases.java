package org.vesalius.clinical.scores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;

/** Calculates scores of what a test writes in a line. */
final class ScoreCases {
  private ScoreCases() {}

  /** Everything harmless: flags false, first choices, quantities in the middle of their range. */
  static Map<String, Object> harmless(String name) {
    Map<String, Object> inputs = new HashMap<>();
    for (ScoreInput input : ClinicalScores.of(name).orElseThrow().inputs()) {
      inputs.put(
          input.name(),
          switch (input) {
            case ScoreInput.Flag _ -> false;
            case ScoreInput.Choice choice -> choice.answers().getFirst();
            case ScoreInput.Quantity quantity ->
                written((quantity.least() + quantity.most()) / 2, quantity.unit().symbol());
          });
    }
    return inputs;
  }

  private static Object written(double value, String unit) {
    return unit.isEmpty() ? (Object) value : ScoreResult.number(value, 6) + " " + unit;
  }

  /** Of {@code name=value} pairs, the others harmless. */
  static ScoreResult calculate(String name, String pairs) {
    Map<String, Object> inputs = harmless(name);
    for (String pair : pairs.split(";", -1)) {
      String[] parts = pair.strip().split("=", 2);
      String value = parts[1].strip();
      inputs.put(
          parts[0].strip(),
          value.equals("true") || value.equals("false") ? (Object) Boolean.valueOf(value) : value);
    }
    return ClinicalScores.of(name).orElseThrow().calculate(inputs);
  }

  static void check(String name, String pairs, double value, String band) {
    ScoreResult result = calculate(name, pairs);
    assertEquals(value, result.value(), pairs);
    assertTrue(result.band().contains(band), pairs + ": " + result.band());
  }
}
