package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.choice;
import static org.vesalius.clinical.scores.ScoreInput.flag;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.vesalius.clinical.scores.ClinicalScore.Band;
import org.vesalius.clinical.scores.ScoreInput.Unit;

/** Scores of what is seen in images. */
final class ImagingScores {
  private static final Unit CENTIMETRES = new Unit("cm", 10, 0);
  private static final String SPONGIFORM = "spongiform";
  private static final String CYSTIC = "cystic or almost completely cystic";

  private static final Map<String, Double> TI_RADS_POINTS =
      Map.ofEntries(
          Map.entry(CYSTIC, 0.0),
          Map.entry("mixed cystic and solid", 1.0),
          Map.entry("solid or almost completely solid", 2.0),
          Map.entry("anechoic", 0.0),
          Map.entry("hyperechoic or isoechoic", 1.0),
          Map.entry("hypoechoic", 2.0),
          Map.entry("very hypoechoic", 3.0),
          Map.entry("wider than tall", 0.0),
          Map.entry("taller than wide", 3.0),
          Map.entry("smooth", 0.0),
          Map.entry("ill-defined", 0.0),
          Map.entry("lobulated or irregular", 2.0),
          Map.entry("extra-thyroidal extension", 3.0));

  private static final ClinicalScore TI_RADS =
      new ClinicalScore(
          "acr_ti_rads",
          "ACR TI-RADS, thyroid nodules in ultrasound",
          "2017",
          List.of(
              choice(
                  "composition",
                  "composition; solid where calcification hides it",
                  CYSTIC,
                  SPONGIFORM,
                  "mixed cystic and solid",
                  "solid or almost completely solid"),
              choice(
                  "echogenicity",
                  "echogenicity; as isoechoic where it cannot be told",
                  "anechoic",
                  "hyperechoic or isoechoic",
                  "hypoechoic",
                  "very hypoechoic"),
              choice("shape", "shape", "wider than tall", "taller than wide"),
              choice(
                  "margin",
                  "margin; as smooth where it cannot be told",
                  "smooth",
                  "ill-defined",
                  "lobulated or irregular",
                  "extra-thyroidal extension"),
              flag("macrocalcifications", "macrocalcifications, with acoustic shadow"),
              flag("rim_calcifications", "peripheral (rim) calcifications"),
              flag("punctate_foci", "punctate echogenic foci")),
          "sum of the points of all features; a spongiform nodule has none",
          ImagingScores::tiRads,
          "",
          0,
          List.of(
              new Band(0, "0: TR1, benign; no fine-needle aspiration"),
              new Band(1, "1: the source has no level for it"),
              new Band(2, "2: TR2, not suspicious; no fine-needle aspiration"),
              new Band(
                  3, "3: TR3, mildly suspicious; aspiration from 2.5 cm, follow-up from 1.5 cm"),
              new Band(
                  4,
                  "4 to 6: TR4, moderately suspicious; aspiration from 1.5 cm, follow-up from 1 cm"),
              new Band(
                  7,
                  "7 or more: TR5, highly suspicious; aspiration from 1 cm, follow-up from 0.5 cm")),
          "Tessler 2017, Journal of the American College of Radiology 14:587");

  private static final ClinicalScore FLEISCHNER =
      new ClinicalScore(
          "fleischner_solid",
          "Fleischner recommendations, solid nodules found incidentally in CT",
          "2017",
          List.of(
              quantity(
                  "diameter",
                  "mean of long and short axis of the largest nodule, rounded to a millimetre",
                  1,
                  30,
                  "mm",
                  CENTIMETRES),
              flag("multiple", "more than one nodule"),
              choice("risk", "risk of lung cancer", "low", "high"),
              quantity(
                  "age", "age; the recommendations are for 35 years and more", 35, 130, "years"),
              flag("known_cancer", "known primary cancer at risk of metastases"),
              flag("immunosuppression", "immunosuppression")),
          "by diameter (below 6, 6 to 8, above 8 mm), number and risk",
          ImagingScores::fleischner,
          "mm",
          0,
          List.of(),
          "MacMahon 2017, Radiology 284:228");

  private static final ClinicalScore CARDIOTHORACIC =
      new ClinicalScore(
          "cardiothoracic_ratio",
          "Cardiothoracic ratio in an erect posteroanterior chest radiograph",
          "of widths",
          List.of(
              quantity("heart", "largest transverse width of the heart", 1, 500, "mm", CENTIMETRES),
              quantity("thorax", "largest inner width of the thorax", 1, 700, "mm", CENTIMETRES)),
          "heart / thorax",
          s -> {
            if (s.value("heart") >= s.value("thorax")) {
              throw new ScoreInputException("input heart: expected less than the thorax");
            }
            s.note("Anteroposterior and supine radiographs show the heart larger.");
            return s.value("heart") / s.value("thorax");
          },
          "",
          3,
          List.of(
              new Band(0, "0.5 or less: not enlarged, in adults"),
              new Band(Math.nextUp(0.5), "above 0.5: enlarged, in adults")),
          "Danzer 1919, American Journal of the Medical Sciences 157:513, whose limit was higher; 0.5"
              + " is the usual one");

  private static final ClinicalScore DOUBLING_TIME =
      new ClinicalScore(
          "volume_doubling_time",
          "Volume doubling time of a nodule",
          "exponential growth",
          List.of(
              quantity(
                  "first_volume", "volume at first", 0.1, 1e7, "mm³", new Unit("cm³", 1000, 0)),
              quantity("second_volume", "volume later", 0.1, 1e7, "mm³", new Unit("cm³", 1000, 0)),
              quantity("days", "time between", 1, 20_000, "days", new Unit("weeks", 7, 0))),
          "days ln 2 / ln(second volume / first volume)",
          s -> {
            if (s.value("second_volume") <= s.value("first_volume")) {
              throw new ScoreInputException(
                  "input second_volume: expected more than the first; without growth there is no"
                      + " doubling time");
            }
            double growth = s.value("second_volume") / s.value("first_volume");
            if (growth < 1.25) {
              s.note("The volume grew by less than 25%, which NELSON did not count as growth.");
            }
            return s.value("days") * Math.log(2) / Math.log(growth);
          },
          "days",
          0,
          List.of(
              new Band(
                  0, "below 400 days: positive, as the NELSON trial judged growth of 25% or more"),
              new Band(
                  400, "400 to 600 days: indeterminate, as NELSON judged growth of 25% or more"),
              new Band(
                  Math.nextUp(600.0),
                  "above 600 days: negative, as NELSON judged growth of 25% or more")),
          "Schwartz 1961, Cancer 14:1272; bands of van Klaveren 2009, New England Journal of"
              + " Medicine 361:2221");

  static final List<ClinicalScore> ALL =
      List.of(TI_RADS, FLEISCHNER, CARDIOTHORACIC, DOUBLING_TIME);

  private ImagingScores() {}

  private static double tiRads(Worksheet s) {
    if (s.choice("composition").equals(SPONGIFORM)) {
      s.note("Spongiform: no points are added for other features.");
      return s.add("composition, " + SPONGIFORM, 0);
    }
    double sum = 0;
    for (String feature : List.of("composition", "echogenicity", "shape", "margin")) {
      String answer = s.choice(feature);
      sum += s.add(feature + ", " + answer, Objects.requireNonNull(TI_RADS_POINTS.get(answer)));
    }
    sum +=
        s.points("macrocalcifications", 1)
            + s.points("rim_calcifications", 2)
            + s.points("punctate_foci", 3);
    if (sum > 0 && s.choice("composition").equals(CYSTIC)) {
      s.note("The source holds nodules that are almost completely cystic to be benign as such.");
    }
    return sum;
  }

  private static double fleischner(Worksheet s) {
    if (s.flag("known_cancer") || s.flag("immunosuppression")) {
      throw new ScoreInputException(
          "the recommendations are not for patients with known cancer or immunosuppression");
    }
    double millimetres = Math.floor(s.value("diameter") + 0.5);
    boolean high = s.choice("risk").equals("high");
    s.note(
        millimetres < 6
            ? small(high)
            : s.flag("multiple") ? several(high) : single(millimetres, high));
    return millimetres;
  }

  private static String small(boolean high) {
    return high
        ? "Below 6 mm, high risk: CT at 12 months is optional."
        : "Below 6 mm, low risk: no routine follow-up.";
  }

  private static String several(boolean high) {
    return high
        ? "Several, 6 mm and more, high risk: CT at 3 to 6 months, then at 18 to 24 months."
        : "Several, 6 mm and more, low risk: CT at 3 to 6 months, then consider CT at 18 to 24"
            + " months.";
  }

  private static String single(double millimetres, boolean high) {
    if (millimetres > 8) {
      return "Single, above 8 mm: consider CT at 3 months, PET/CT, or tissue sampling.";
    }
    return high
        ? "Single, 6 to 8 mm, high risk: CT at 6 to 12 months, then at 18 to 24 months."
        : "Single, 6 to 8 mm, low risk: CT at 6 to 12 months, then consider CT at 18 to 24"
            + " months.";
  }
}
