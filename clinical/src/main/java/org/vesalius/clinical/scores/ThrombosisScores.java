package org.vesalius.clinical.scores;

import static org.vesalius.clinical.scores.ScoreInput.choice;
import static org.vesalius.clinical.scores.ScoreInput.flag;
import static org.vesalius.clinical.scores.ScoreInput.quantity;

import java.util.List;
import org.vesalius.clinical.scores.ClinicalScore.Band;

/** Scores of thrombosis, embolism and bleeding. */
final class ThrombosisScores {
  private static final ClinicalScore WELLS_DVT =
      new ClinicalScore(
          "wells_dvt",
          "Wells score, deep vein thrombosis",
          "two levels, 2003",
          List.of(
              flag("cancer", "active cancer, treated within 6 months, or palliative"),
              flag("paralysis", "paralysis, paresis or recent plaster of the legs"),
              flag(
                  "bedridden",
                  "bedridden for 3 days or more, or major surgery within 12 weeks with general or"
                      + " regional anaesthesia"),
              flag("tenderness", "localised tenderness along the deep veins"),
              flag("leg_swollen", "entire leg swollen"),
              flag("calf_swollen", "calf at least 3 cm larger than the other"),
              flag("pitting_oedema", "pitting oedema confined to the symptomatic leg"),
              flag("collateral_veins", "collateral superficial veins, not varicose"),
              flag("previous_dvt", "previously documented deep vein thrombosis"),
              flag("alternative", "an alternative diagnosis at least as likely")),
          "one point each, minus 2 for an alternative diagnosis at least as likely",
          s ->
              s.points("cancer", 1)
                  + s.points("paralysis", 1)
                  + s.points("bedridden", 1)
                  + s.points("tenderness", 1)
                  + s.points("leg_swollen", 1)
                  + s.points("calf_swollen", 1)
                  + s.points("pitting_oedema", 1)
                  + s.points("collateral_veins", 1)
                  + s.points("previous_dvt", 1)
                  + s.points("alternative", -2),
          "",
          0,
          List.of(
              new Band(-2, "below 2: deep vein thrombosis unlikely"),
              new Band(2, "2 or more: deep vein thrombosis likely")),
          "Wells 2003, New England Journal of Medicine 349:1227");

  private static final ClinicalScore WELLS_PE =
      new ClinicalScore(
          "wells_pe",
          "Wells score, pulmonary embolism",
          "2000",
          List.of(
              flag(
                  "dvt_signs",
                  "clinical signs and symptoms of deep vein thrombosis, at least leg swelling and"
                      + " pain on palpation of the deep veins"),
              flag("pe_likeliest", "an alternative diagnosis is less likely than embolism"),
              quantity("heart_rate", "beats in a minute", 0, 350, "/min"),
              flag("immobilisation", "immobilised for 3 days or more, or surgery within 4 weeks"),
              flag("previous", "previous deep vein thrombosis or pulmonary embolism"),
              flag("haemoptysis", "haemoptysis"),
              flag("malignancy", "malignancy, treated within 6 months, or palliative")),
          "3 for signs of thrombosis, 3 for embolism likeliest, 1.5 each for heart rate above 100,"
              + " immobilisation, previous event, 1 each for haemoptysis, malignancy",
          s ->
              s.points("dvt_signs", 3)
                  + s.points("pe_likeliest", 3)
                  + s.points("heart rate > 100/min", s.value("heart_rate") > 100, 1.5)
                  + s.points("immobilisation", 1.5)
                  + s.points("previous", 1.5)
                  + s.points("haemoptysis", 1)
                  + s.points("malignancy", 1),
          "",
          1,
          List.of(
              new Band(0, "4 or less: unlikely (two levels); below 2: low (three levels)"),
              new Band(2, "4 or less: unlikely (two levels); 2 to 6: moderate (three levels)"),
              new Band(4.5, "above 4: likely (two levels); 2 to 6: moderate (three levels)"),
              new Band(6.5, "above 4: likely (two levels); above 6: high (three levels)")),
          "Wells 2000, Thrombosis and Haemostasis 83:416");

  private static final ClinicalScore CHA2DS2_VASC =
      new ClinicalScore(
          "cha2ds2_vasc",
          "CHA2DS2-VASc, stroke in atrial fibrillation",
          "2010",
          List.of(
              flag("heart_failure", "congestive heart failure or left ventricular dysfunction"),
              flag("hypertension", "hypertension"),
              BodyScores.AGE,
              flag("diabetes", "diabetes mellitus"),
              flag("stroke", "previous stroke, transient ischaemic attack or thromboembolism"),
              flag(
                  "vascular_disease",
                  "previous myocardial infarction, peripheral artery disease or aortic plaque"),
              BodyScores.SEX),
          "heart failure 1, hypertension 1, age 75 and more 2, 65 to 74 1, diabetes 1, stroke 2,"
              + " vascular disease 1, female 1",
          s ->
              s.points("heart_failure", 1)
                  + s.points("hypertension", 1)
                  + s.points("age >= 75 years", s.value("age") >= 75, 2)
                  + s.points("age 65 to 74 years", s.value("age") >= 65 && s.value("age") < 75, 1)
                  + s.points("diabetes", 1)
                  + s.points("stroke", 2)
                  + s.points("vascular_disease", 1)
                  + s.points("female", BodyScores.female(s), 1),
          "",
          0,
          List.of(
              new Band(0, "0: low risk"),
              new Band(1, "1: intermediate risk"),
              new Band(2, "2 or more: high risk")),
          "Lip 2010, Chest 137:263");

  private static final ClinicalScore HAS_BLED =
      new ClinicalScore(
          "has_bled",
          "HAS-BLED, major bleeding with anticoagulation",
          "2010",
          List.of(
              flag("hypertension", "uncontrolled, above 160 mmHg systolic"),
              flag(
                  "renal",
                  "dialysis, transplant, or creatinine of 200 µmol/L (2.26 mg/dL) or more"),
              flag(
                  "liver",
                  "cirrhosis, or bilirubin above 2 times normal with enzymes above 3 times normal"),
              flag("stroke", "previous stroke"),
              flag("bleeding", "previous major bleeding or predisposition"),
              choice(
                  "inr",
                  "whether INR is labile, less than 60% of time in range",
                  "labile",
                  "stable",
                  "not treated with a vitamin K antagonist"),
              BodyScores.AGE,
              flag("drugs", "antiplatelet agents or non-steroidal anti-inflammatory drugs"),
              flag("alcohol", "8 units or drinks or more in a week")),
          "one point each; age above 65 years",
          s ->
              s.points("hypertension", 1)
                  + s.points("renal", 1)
                  + s.points("liver", 1)
                  + s.points("stroke", 1)
                  + s.points("bleeding", 1)
                  + s.points("labile INR", s.choice("inr").equals("labile"), 1)
                  + s.points("age > 65 years", s.value("age") > 65, 1)
                  + s.points("drugs", 1)
                  + s.points("alcohol", 1),
          "",
          0,
          List.of(
              new Band(0, "below 3: not in the high-risk group"),
              new Band(3, "3 or more: high risk")),
          "Pisters 2010, Chest 138:1093");

  static final List<ClinicalScore> ALL = List.of(WELLS_DVT, WELLS_PE, CHA2DS2_VASC, HAS_BLED);

  private ThrombosisScores() {}
}
