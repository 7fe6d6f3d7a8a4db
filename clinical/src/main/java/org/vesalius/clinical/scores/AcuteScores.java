package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.choice;
import static org.vesalius.clinical.scores.ScoreInput.flag;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.List;
import org.vesalius.clinical.scores.ClinicalScore.Band;

/** Scores of acute illness and infection. */
final class AcuteScores {
  private static final ScoreInput RESPIRATIONS =
      quantity("respiratory_rate", "breaths in a minute", 0, 100, "/min");
  private static final ScoreInput SYSTOLIC =
      quantity("systolic_pressure", "systolic blood pressure", 0, 350, "mmHg");

  private static final ClinicalScore CURB_65 =
      new ClinicalScore(
          "curb_65",
          "CURB-65, severity of community-acquired pneumonia",
          "2003",
          List.of(
              flag("confusion", "new confusion, mental test score of 8 or less, or disorientation"),
              quantity(
                  "urea",
                  "urea in blood",
                  0,
                  150,
                  "mmol/L",
                  new ScoreInput.Unit("mg/dL urea nitrogen", 10 / 28.0134, 0)),
              RESPIRATIONS,
              SYSTOLIC,
              quantity("diastolic_pressure", "diastolic blood pressure", 0, 250, "mmHg"),
              BodyScores.AGE),
          "one point each: confusion; urea above 7 mmol/L; 30 breaths or more; systolic below 90 or"
              + " diastolic at most 60 mmHg; 65 years or more",
          s ->
              s.points("confusion", 1)
                  + s.points("urea > 7 mmol/L", s.value("urea") > 7, 1)
                  + s.points("respiratory rate >= 30/min", s.value("respiratory_rate") >= 30, 1)
                  + s.points(
                      "systolic < 90 or diastolic <= 60 mmHg",
                      s.value("systolic_pressure") < 90 || s.value("diastolic_pressure") <= 60,
                      1)
                  + s.points("age >= 65 years", s.value("age") >= 65, 1),
          "",
          0,
          List.of(
              new Band(0, "0 to 1: low severity, 1.5% died within 30 days"),
              new Band(2, "2: moderate severity, 9.2% died within 30 days"),
              new Band(3, "3 to 5: severe, 22% died within 30 days")),
          "Lim 2003, Thorax 58:377");

  private static final ClinicalScore QSOFA =
      new ClinicalScore(
          "qsofa",
          "qSOFA, quick sequential organ failure assessment",
          "Sepsis-3, 2016",
          List.of(RESPIRATIONS, SYSTOLIC, flag("altered_mentation", "Glasgow Coma Scale below 15")),
          "one point each: 22 breaths or more; systolic at most 100 mmHg; altered mentation",
          s ->
              s.points("respiratory rate >= 22/min", s.value("respiratory_rate") >= 22, 1)
                  + s.points("systolic <= 100 mmHg", s.value("systolic_pressure") <= 100, 1)
                  + s.points("altered_mentation", 1),
          "",
          0,
          List.of(
              new Band(0, "0 to 1: below the threshold"),
              new Band(2, "2 to 3: at or above the threshold for a higher risk of a poor outcome")),
          "Singer 2016, JAMA 315:801; Seymour 2016, JAMA 315:762");

  private static final ClinicalScore GLASGOW =
      new ClinicalScore(
          "glasgow_coma_scale",
          "Glasgow Coma Scale",
          "14 + 1, 3 to 15",
          List.of(
              choice("eye", "eye opening", "spontaneous", "to sound", "to pressure", "none"),
              choice(
                  "verbal", "verbal response", "orientated", "confused", "words", "sounds", "none"),
              choice(
                  "motor",
                  "best motor response",
                  "obeys commands",
                  "localising",
                  "normal flexion",
                  "abnormal flexion",
                  "extension",
                  "none")),
          "eye (4 to 1) + verbal (5 to 1) + motor (6 to 1)",
          s ->
              descending(s, "eye", List.of("spontaneous", "to sound", "to pressure", "none"))
                  + descending(
                      s, "verbal", List.of("orientated", "confused", "words", "sounds", "none"))
                  + descending(
                      s,
                      "motor",
                      List.of(
                          "obeys commands",
                          "localising",
                          "normal flexion",
                          "abnormal flexion",
                          "extension",
                          "none")),
          "",
          0,
          List.of(
              new Band(3, "3 to 8: severe, as head injury is graded"),
              new Band(9, "9 to 12: moderate, as head injury is graded"),
              new Band(13, "13 to 15: mild, as head injury is graded")),
          "Teasdale and Jennett 1974, Lancet 304:81; wording of Teasdale 2014, Lancet Neurology"
              + " 13:844");

  private static final ClinicalScore CENTOR =
      new ClinicalScore(
          "centor_mcisaac",
          "Centor score, modified by McIsaac, streptococcal pharyngitis",
          "1998",
          List.of(
              quantity("age", "age; the score is for 3 years and more", 3, 130, "years"),
              flag("fever", "temperature above 38 °C, measured or told"),
              flag("cough", "cough"),
              flag("tender_nodes", "tender anterior cervical lymph nodes"),
              flag("tonsils", "tonsillar swelling or exudate")),
          "one point each: fever, no cough, tender nodes, tonsils; age 3 to 14 plus 1, 45 and more"
              + " minus 1",
          s ->
              s.points("fever", 1)
                  + s.points("no cough", !s.flag("cough"), 1)
                  + s.points("tender_nodes", 1)
                  + s.points("tonsils", 1)
                  + s.points("age 3 to 14 years", s.value("age") < 15, 1)
                  + s.points("age >= 45 years", s.value("age") >= 45, -1),
          "",
          0,
          List.of(
              new Band(-1, "0 or less: risk of group A streptococci 1 to 2.5%"),
              new Band(1, "1: risk of group A streptococci 5 to 10%"),
              new Band(2, "2: risk of group A streptococci 11 to 17%"),
              new Band(3, "3: risk of group A streptococci 28 to 35%"),
              new Band(4, "4 or more: risk of group A streptococci 51 to 53%")),
          "McIsaac 1998, CMAJ 158:75; risks as gathered by Choby 2009, American Family Physician"
              + " 79:383");

  static final List<ClinicalScore> ALL =
      List.of(CURB_65, QSOFA, SofaScore.SOFA, GLASGOW, CENTOR, EarlyWarningScore.NEWS2);

  private AcuteScores() {}

  private static double descending(Worksheet sheet, String name, List<String> answers) {
    String answer = sheet.choice(name);
    return sheet.add(name + ", " + answer, answers.size() - answers.indexOf(answer));
  }
}
