package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.choice;
import static org.vesalius.clinical.scores.ScoreInput.flag;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.List;
import org.vesalius.clinical.scores.ClinicalScore.Band;

/** The National Early Warning Score. */
final class EarlyWarningScore {
  private static final String ALERT = "alert";

  static final ClinicalScore NEWS2 =
      new ClinicalScore(
          "news2",
          "NEWS2, National Early Warning Score",
          "2, 2017; from 16 years, not in pregnancy",
          List.of(
              quantity("respiratory_rate", "breaths in a minute, a whole number", 0, 100, "/min"),
              quantity("oxygen_saturation", "oxygen saturation, a whole number", 0, 100, "%"),
              flag(
                  "hypercapnic_scale",
                  "whether scale 2 is used: hypercapnic respiratory failure, target 88 to 92%"),
              flag("oxygen", "whether oxygen is given"),
              quantity(
                  "systolic_pressure", "systolic blood pressure, a whole number", 0, 350, "mmHg"),
              quantity("pulse", "beats in a minute, a whole number", 0, 350, "/min"),
              choice(
                  "consciousness",
                  "consciousness",
                  ALERT,
                  "new confusion",
                  "voice",
                  "pain",
                  "unresponsive"),
              quantity(
                  "temperature",
                  "body temperature, to one decimal",
                  20,
                  46,
                  "°C",
                  new ScoreInput.Unit("°F", 1 / 1.8, -32 / 1.8))),
          "points for seven measurements as in the chart of the Royal College of Physicians",
          EarlyWarningScore::value,
          "",
          0,
          List.of(
              new Band(0, "0 to 4: low clinical risk"),
              new Band(5, "5 to 6: medium clinical risk"),
              new Band(7, "7 or more: high clinical risk")),
          "Royal College of Physicians 2017, National Early Warning Score (NEWS) 2");

  private EarlyWarningScore() {}

  private static double value(Worksheet s) {
    List<Double> points =
        List.of(
            s.add("respiratory rate", respirations(s.whole("respiratory_rate"))),
            s.add("oxygen saturation", saturation(s)),
            s.points("oxygen", 2),
            s.add("systolic pressure", pressure(s.whole("systolic_pressure"))),
            s.add("pulse", pulse(s.whole("pulse"))),
            s.points("not alert", !s.choice("consciousness").equals(ALERT), 3),
            s.add("temperature", temperature(Math.rint(10 * s.value("temperature")))));
    double sum = points.stream().mapToDouble(Double::doubleValue).sum();
    if (sum < 5 && points.contains(3.0)) {
      s.note("A single measurement has 3 points: low to medium clinical risk, urgent review.");
    }
    return sum;
  }

  private static double respirations(double rate) {
    return rate <= 8 ? 3 : rate <= 11 ? 1 : rate <= 20 ? 0 : rate <= 24 ? 2 : 3;
  }

  private static double saturation(Worksheet s) {
    double percent = s.whole("oxygen_saturation");
    if (!s.flag("hypercapnic_scale")) {
      return percent <= 91 ? 3 : percent <= 93 ? 2 : percent <= 95 ? 1 : 0;
    }
    if (percent >= 93 && s.flag("oxygen")) {
      return percent <= 94 ? 1 : percent <= 96 ? 2 : 3;
    }
    return percent <= 83 ? 3 : percent <= 85 ? 2 : percent <= 87 ? 1 : 0;
  }

  private static double pressure(double systolic) {
    return systolic <= 90 ? 3 : systolic <= 100 ? 2 : systolic <= 110 ? 1 : systolic <= 219 ? 0 : 3;
  }

  private static double pulse(double rate) {
    return rate <= 40 ? 3 : rate <= 50 ? 1 : rate <= 90 ? 0 : rate <= 110 ? 1 : rate <= 130 ? 2 : 3;
  }

  private static double temperature(double tenths) {
    return tenths <= 350 ? 3 : tenths <= 360 ? 1 : tenths <= 380 ? 0 : tenths <= 390 ? 1 : 2;
  }
}
