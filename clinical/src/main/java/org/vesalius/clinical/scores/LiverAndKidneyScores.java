package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.choice;
import static org.vesalius.clinical.scores.ScoreInput.flag;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.List;
import org.vesalius.clinical.scores.ClinicalScore.Band;
import org.vesalius.clinical.scores.ScoreInput.Unit;

/** Scores of liver and kidneys. */
final class LiverAndKidneyScores {
  /** Micromoles in a litre for one milligram in a decilitre, as laboratories convert. */
  private static final double CREATININE = 88.4;

  private static final double BILIRUBIN = 17.1;

  static final ScoreInput SERUM_CREATININE =
      quantity(
          "creatinine",
          "creatinine in serum",
          0.1,
          30,
          "mg/dL",
          new Unit("µmol/L", 1 / CREATININE, 0));
  static final ScoreInput SERUM_BILIRUBIN =
      quantity(
          "bilirubin",
          "total bilirubin in serum",
          0.05,
          80,
          "mg/dL",
          new Unit("µmol/L", 1 / BILIRUBIN, 0));
  private static final ScoreInput INR =
      quantity("inr", "international normalised ratio", 0.5, 20, "");

  private static final ClinicalScore CHILD_PUGH =
      new ClinicalScore(
          "child_pugh",
          "Child-Pugh score, severity of cirrhosis",
          "1973, with INR in place of the prothrombin time",
          List.of(
              SERUM_BILIRUBIN,
              quantity("albumin", "albumin in serum", 0.5, 8, "g/dL", new Unit("g/L", 0.1, 0)),
              INR,
              choice("ascites", "ascites", "none", "slight", "moderate to severe"),
              choice("encephalopathy", "grade of encephalopathy", "none", "1 to 2", "3 to 4")),
          "1, 2 or 3 points each: bilirubin below 2, 2 to 3, above 3 mg/dL; albumin above 3.5, 2.8"
              + " to 3.5, below 2.8 g/dL; INR below 1.7, 1.7 to 2.3, above 2.3; ascites;"
              + " encephalopathy",
          s ->
              s.add("bilirubin", level(s.value("bilirubin"), 2, 3))
                  + s.add(
                      "albumin", s.value("albumin") > 3.5 ? 1 : s.value("albumin") >= 2.8 ? 2 : 3)
                  + s.add("INR", level(s.value("inr"), 1.7, 2.3))
                  + s.add(
                      "ascites",
                      1
                          + List.of("none", "slight", "moderate to severe")
                              .indexOf(s.choice("ascites")))
                  + s.add(
                      "encephalopathy",
                      1 + List.of("none", "1 to 2", "3 to 4").indexOf(s.choice("encephalopathy"))),
          "",
          0,
          List.of(
              new Band(5, "5 to 6: class A"),
              new Band(7, "7 to 9: class B"),
              new Band(10, "10 to 15: class C")),
          "Pugh 1973, British Journal of Surgery 60:646");

  private static final ClinicalScore MELD_NA =
      new ClinicalScore(
          "meld_na",
          "MELD-Na, model for end-stage liver disease",
          "OPTN, 2016",
          List.of(
              SERUM_CREATININE,
              SERUM_BILIRUBIN,
              INR,
              quantity("sodium", "sodium in serum", 90, 200, "mmol/L", new Unit("mEq/L", 1, 0)),
              flag("dialysis", "dialysis twice, or 24 hours of CVVHD, within a week")),
          "MELD = 10 (0.957 ln creatinine + 0.378 ln bilirubin + 1.120 ln INR + 0.643), rounded;"
              + " values below 1 count as 1, creatinine above 4 or dialysis as 4; where MELD is"
              + " above 11, plus 1.32 (137 - Na) - 0.033 MELD (137 - Na), Na bounded to 125 to 137;"
              + " at most 40",
          LiverAndKidneyScores::meldNa,
          "",
          0,
          List.of(),
          "Kamath 2001, Hepatology 33:464; Kim 2008, New England Journal of Medicine 359:1018;"
              + " OPTN policy 9, 2016");

  private static final ClinicalScore CKD_EPI =
      new ClinicalScore(
          "egfr_ckd_epi",
          "Estimated glomerular filtration rate, CKD-EPI creatinine equation",
          "2021, without race",
          List.of(
              SERUM_CREATININE,
              quantity("age", "age; the equation is for adults", 18, 130, "years"),
              BodyScores.SEX),
          "142 min(Scr/k, 1)^a max(Scr/k, 1)^-1.200 0.9938^age, 1.012 times for women; k 0.7 and a"
              + " -0.241 for women, 0.9 and -0.302 for men",
          s -> {
            boolean female = BodyScores.female(s);
            double ratio = s.value("creatinine") / (female ? 0.7 : 0.9);
            return 142
                * Math.pow(Math.min(ratio, 1), female ? -0.241 : -0.302)
                * Math.pow(Math.max(ratio, 1), -1.2)
                * Math.pow(0.9938, s.value("age"))
                * (female ? 1.012 : 1);
          },
          "mL/min/1.73 m²",
          // KDIGO has it reported as a whole number, and its categories are of such.
          0,
          List.of(
              new Band(0, "below 15: G5"),
              new Band(15, "15 to 29: G4"),
              new Band(30, "30 to 44: G3b"),
              new Band(45, "45 to 59: G3a"),
              new Band(60, "60 to 89: G2"),
              new Band(90, "90 and more: G1")),
          "Inker 2021, New England Journal of Medicine 385:1737; categories of KDIGO 2012");

  private static final ClinicalScore COCKCROFT_GAULT =
      new ClinicalScore(
          "cockcroft_gault",
          "Creatinine clearance, Cockcroft and Gault",
          "1976",
          List.of(
              SERUM_CREATININE,
              quantity("age", "age; the equation is for adults", 18, 130, "years"),
              BodyScores.WEIGHT,
              BodyScores.SEX),
          "(140 - age) weight / (72 creatinine), 0.85 times for women",
          s -> {
            return (140 - s.value("age"))
                * s.value("weight")
                / (72 * s.value("creatinine"))
                * (BodyScores.female(s) ? 0.85 : 1);
          },
          "mL/min",
          0,
          List.of(),
          "Cockcroft and Gault 1976, Nephron 16:31");

  static final List<ClinicalScore> ALL = List.of(CHILD_PUGH, MELD_NA, CKD_EPI, COCKCROFT_GAULT);

  private LiverAndKidneyScores() {}

  private static double level(double value, double second, double third) {
    return value < second ? 1 : value <= third ? 2 : 3;
  }

  private static double meldNa(Worksheet s) {
    double creatinine = s.flag("dialysis") ? 4 : Math.clamp(s.value("creatinine"), 1.0, 4.0);
    double meld =
        Math.rint(
            10
                * (0.957 * Math.log(creatinine)
                    + 0.378 * Math.log(Math.max(1, s.value("bilirubin")))
                    + 1.120 * Math.log(Math.max(1, s.value("inr")))
                    + 0.643));
    s.note("MELD without sodium is " + ScoreResult.number(Math.min(40, meld), 0) + ".");
    double lacking = 137 - Math.clamp(s.value("sodium"), 125.0, 137.0);
    double withSodium = meld > 11 ? meld + 1.32 * lacking - 0.033 * meld * lacking : meld;
    return Math.min(40, Math.rint(withSodium));
  }
}
