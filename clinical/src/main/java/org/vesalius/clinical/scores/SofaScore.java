package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.flag;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.Arrays;
import java.util.List;
import org.vesalius.clinical.scores.ScoreInput.Unit;

/** The Sequential Organ Failure Assessment. */
final class SofaScore {
  /** Millimetres of mercury in a kilopascal. */
  private static final double KILOPASCAL = 7.50062;

  static final ClinicalScore SOFA =
      new ClinicalScore(
          "sofa",
          "SOFA, Sequential Organ Failure Assessment",
          "1996",
          List.of(
              quantity(
                  "arterial_oxygen",
                  "partial pressure of oxygen in arterial blood, PaO2",
                  10,
                  800,
                  "mmHg",
                  new Unit("kPa", KILOPASCAL, 0)),
              quantity("inspired_oxygen", "fraction of inspired oxygen, FiO2", 21, 100, "%"),
              flag("ventilated", "respiratory support"),
              quantity(
                  "platelets",
                  "platelets in blood",
                  0,
                  5000,
                  "10^9/L",
                  new Unit("10^3/µL", 1, 0),
                  new Unit("/µL", 0.001, 0)),
              LiverAndKidneyScores.SERUM_BILIRUBIN,
              quantity("mean_pressure", "mean arterial pressure", 0, 300, "mmHg"),
              catecholamine("dopamine"),
              catecholamine("dobutamine"),
              catecholamine("epinephrine"),
              catecholamine("norepinephrine"),
              quantity("glasgow", "Glasgow Coma Scale, a whole number", 3, 15, ""),
              LiverAndKidneyScores.SERUM_CREATININE,
              quantity("urine", "urine in a day", 0, 50_000, "mL/day", new Unit("L/day", 1000, 0))),
          "0 to 4 points each. PaO2/FiO2 below 400, 300, and with respiratory support below 200,"
              + " 100 mmHg; platelets below 150, 100, 50, 20 10^9/L; bilirubin from 1.2, 2, 6, 12"
              + " mg/dL; mean pressure below 70 mmHg, dopamine up to 5 or dobutamine, dopamine above"
              + " 5 or (nor)epinephrine, dopamine above 15 or (nor)epinephrine above 0.1 µg/kg/min;"
              + " Glasgow Coma Scale 13 to 14, 10 to 12, 6 to 9, below 6; creatinine from 1.2, 2,"
              + " 3.5, 5 mg/dL, or urine below 500 (3), 200 (4) mL/day",
          SofaScore::value,
          "",
          0,
          List.of(),
          "Vincent 1996, Intensive Care Medicine 22:707");

  private SofaScore() {}

  private static ScoreInput catecholamine(String name) {
    return quantity(
        name,
        name + " given for at least an hour, 0 for none",
        0,
        500,
        "µg/kg/min",
        new Unit("mcg/kg/min", 1, 0));
  }

  private static double value(Worksheet s) {
    s.note(
        "A rise by 2 points or more with an infection is how Sepsis-3 (Singer 2016) has sepsis.");
    return s.add("respiration", respiration(s))
        + s.add("platelets", below(s.value("platelets"), 150, 100, 50, 20))
        + s.add("bilirubin", from(s.value("bilirubin"), 1.2, 2, 6, 12))
        + s.add("circulation", circulation(s))
        + s.add("Glasgow Coma Scale", below(s.whole("glasgow"), 15, 13, 10, 6))
        + s.add("kidneys", kidneys(s));
  }

  private static double respiration(Worksheet s) {
    double ratio = s.value("arterial_oxygen") / (s.value("inspired_oxygen") / 100);
    s.note("PaO2/FiO2 is " + ScoreResult.number(ratio, 0) + " mmHg.");
    double points = below(ratio, 400, 300, 200, 100);
    return s.flag("ventilated") ? points : Math.min(2, points);
  }

  private static double circulation(Worksheet s) {
    double dopamine = s.value("dopamine");
    double strongest = Math.max(s.value("epinephrine"), s.value("norepinephrine"));
    if (dopamine > 15 || strongest > 0.1) {
      return 4;
    }
    if (dopamine > 5 || strongest > 0) {
      return 3;
    }
    return dopamine > 0 || s.value("dobutamine") > 0 ? 2 : below(s.value("mean_pressure"), 70);
  }

  private static double kidneys(Worksheet s) {
    double urine = s.value("urine");
    double byUrine = urine < 200 ? 4 : urine < 500 ? 3 : 0;
    return Math.max(byUrine, from(s.value("creatinine"), 1.2, 2, 3.5, 5));
  }

  /** How many of some limits a value stays below. */
  private static double below(double value, double... limits) {
    return Arrays.stream(limits).filter(limit -> value < limit).count();
  }

  /** How many of some limits a value reaches. */
  private static double from(double value, double... limits) {
    return Arrays.stream(limits).filter(limit -> value >= limit).count();
  }
}
