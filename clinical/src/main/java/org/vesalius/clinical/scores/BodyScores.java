package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.choice;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.List;
import org.vesalius.clinical.scores.ClinicalScore.Band;
import org.vesalius.clinical.scores.ScoreInput.Unit;

/** Scores of body size and electrolytes, and inputs that many scores share. */
final class BodyScores {
  static final ScoreInput AGE = quantity("age", "age", 0, 130, "years");
  static final ScoreInput SEX = choice("sex", "sex as the source means it", "female", "male");
  static final ScoreInput WEIGHT =
      quantity(
          "weight",
          "body weight",
          0.3,
          700,
          "kg",
          new Unit("g", 0.001, 0),
          new Unit("lb", 0.45359237, 0));
  private static final ScoreInput HEIGHT =
      quantity("height", "height", 20, 280, "cm", new Unit("m", 100, 0), new Unit("in", 2.54, 0));
  private static final Unit MILLIEQUIVALENTS = new Unit("mEq/L", 1, 0);

  /** Milligrams in a decilitre to millimoles in a litre. */
  private static final double CALCIUM = 10 / 40.078;

  private static final ClinicalScore BMI =
      new ClinicalScore(
          "bmi",
          "Body mass index",
          "adults",
          List.of(WEIGHT, HEIGHT),
          "weight in kg / (height in m)²",
          s -> s.value("weight") / Math.pow(s.value("height") / 100, 2),
          "kg/m²",
          2,
          List.of(
              new Band(0, "below 18.5: underweight"),
              new Band(18.5, "18.5 to 24.9: normal range"),
              new Band(25, "25 to 29.9: overweight"),
              new Band(30, "30 to 34.9: obese, class I"),
              new Band(35, "35 to 39.9: obese, class II"),
              new Band(40, "40 and more: obese, class III")),
          "World Health Organization 2000, Technical Report Series 894");

  private static final ClinicalScore BSA =
      new ClinicalScore(
          "bsa_mosteller",
          "Body surface area, Mosteller",
          "1987",
          List.of(WEIGHT, HEIGHT),
          "square root of (height in cm x weight in kg / 3600)",
          s -> Math.sqrt(s.value("height") * s.value("weight") / 3600),
          "m²",
          2,
          List.of(),
          "Mosteller 1987, New England Journal of Medicine 317:1098");

  private static final ClinicalScore ANION_GAP =
      new ClinicalScore(
          "anion_gap",
          "Anion gap",
          "without potassium",
          List.of(
              quantity("sodium", "sodium", 90, 200, "mmol/L", MILLIEQUIVALENTS),
              quantity("chloride", "chloride", 50, 180, "mmol/L", MILLIEQUIVALENTS),
              quantity("bicarbonate", "bicarbonate", 1, 60, "mmol/L", MILLIEQUIVALENTS)),
          "sodium - (chloride + bicarbonate)",
          s -> {
            s.note("What is normal depends on the laboratory's methods, and on albumin.");
            return s.value("sodium") - (s.value("chloride") + s.value("bicarbonate"));
          },
          "mmol/L",
          1,
          List.of(),
          "Emmett and Narins 1977, Medicine 56:38");

  private static final ClinicalScore CORRECTED_CALCIUM =
      new ClinicalScore(
          "corrected_calcium",
          "Calcium corrected for albumin",
          "0.8 mg/dL for 1 g/dL, reference 4 g/dL",
          List.of(
              quantity(
                  "calcium", "total calcium", 2, 25, "mg/dL", new Unit("mmol/L", 1 / CALCIUM, 0)),
              quantity("albumin", "albumin", 0.5, 8, "g/dL", new Unit("g/L", 0.1, 0))),
          "calcium + 0.8 (4 - albumin)",
          s -> {
            double value = s.value("calcium") + 0.8 * (4 - s.value("albumin"));
            s.note("That is " + ScoreResult.number(value * CALCIUM, 2) + " mmol/L.");
            return value;
          },
          "mg/dL",
          2,
          List.of(),
          "after Payne 1973, British Medical Journal 4:643, in the form that is usual today");

  static final List<ClinicalScore> ALL = List.of(BMI, BSA, ANION_GAP, CORRECTED_CALCIUM);

  private BodyScores() {}

  static boolean female(Worksheet sheet) {
    return sheet.choice("sex").equals("female");
  }
}
