package org.vesalius.clinical.scores;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/**
 * What a score came to.
 *
 * @param score that was calculated
 * @param inputs as they were used, converted to the formula's units, for people
 * @param value unrounded, but where the source rounds
 * @param parts what each part added, where it is a sum
 * @param band what the source says of this value; empty where it says nothing
 * @param notes what a reader should know
 */
public record ScoreResult(
    ClinicalScore score,
    Map<String, String> inputs,
    double value,
    List<String> parts,
    String band,
    List<String> notes) {

  /** Copies the lists. */
  public ScoreResult {
    parts = List.copyOf(parts);
    notes = List.copyOf(notes);
  }

  /** The value as it is shown, with its unit. */
  public String shownValue() {
    return (number(value, score.digits()) + " " + score.unit()).strip();
  }

  /** Which score, without what was put in and came out: it may be a patient's. */
  @Override
  public String toString() {
    return "ScoreResult[" + score.name() + "]";
  }

  static String number(double value, int digits) {
    BigDecimal rounded =
        new BigDecimal(Double.toString(value)).setScale(digits, RoundingMode.HALF_UP);
    return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
  }
}
