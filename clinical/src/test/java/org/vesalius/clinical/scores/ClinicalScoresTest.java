package org.vesalius.clinical.scores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.clinical.scores.ScoreCases.calculate;
import static org.vesalius.clinical.scores.ScoreCases.check;
import static org.vesalius.clinical.scores.ScoreCases.harmless;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClinicalScoresTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alternative=true | -2 | unlikely",
        "cancer=true | 1 | unlikely",
        "cancer=true; calf_swollen=true | 2 | DVT likely",
        "cancer=true; calf_swollen=true; leg_swollen=true; alternative=true | 1 | unlikely",
        "cancer=true; paralysis=true; bedridden=true; tenderness=true; leg_swollen=true;"
            + " calf_swollen=true; pitting_oedema=true; collateral_veins=true; previous_dvt=true"
            + " | 9 | DVT likely",
      })
  void wellsDvt(String pairs, double value, String band) {
    check("wells_dvt", pairs, value, band.replace("DVT", "deep vein thrombosis"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "heart_rate=100 /min | 0 | low (three",
        "heart_rate=101 /min | 1.5 | low (three",
        "heart_rate=80 /min; haemoptysis=true; malignancy=true | 2 | moderate",
        "heart_rate=80 /min; pe_likeliest=true; malignancy=true | 4 | 4 or less: unlikely",
        "heart_rate=101 /min; pe_likeliest=true | 4.5 | above 4: likely",
        "heart_rate=80 /min; pe_likeliest=true; dvt_signs=true | 6 | moderate",
        "heart_rate=101 /min; previous=true; pe_likeliest=true; malignancy=true | 7 | high",
        "heart_rate=101 /min; immobilisation=true; previous=true; dvt_signs=true;"
            + " pe_likeliest=true; haemoptysis=true; malignancy=true | 12.5 | high",
      })
  void wellsPe(String pairs, double value, String band) {
    check("wells_pe", pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "age=64 years; sex=male | 0 | low risk",
        "age=64 years; sex=female | 1 | intermediate",
        "age=65 years; sex=male | 1 | intermediate",
        "age=74 years; sex=male | 1 | intermediate",
        "age=75 years; sex=male | 2 | high risk",
        "age=75 years; sex=female; heart_failure=true; hypertension=true; diabetes=true;"
            + " stroke=true; vascular_disease=true | 9 | high risk",
      })
  void cha2ds2Vasc(String pairs, double value, String band) {
    check("cha2ds2_vasc", pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "age=65 years; inr=stable | 0 | below 3",
        "age=66 years; inr=stable; stroke=true | 2 | below 3",
        "age=66 years; inr=labile; stroke=true | 3 | high risk",
        "age=66 years; inr=labile; stroke=true; hypertension=true; renal=true; liver=true;"
            + " bleeding=true; drugs=true; alcohol=true | 9 | high risk",
      })
  void hasBled(String pairs, double value, String band) {
    check("has_bled", pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bilirubin=1.99 mg/dL; albumin=3.6 g/dL; inr=1.69 | 5 | class A",
        "bilirubin=2 mg/dL; albumin=3.6 g/dL; inr=1.69 | 6 | class A",
        "bilirubin=2 mg/dL; albumin=3.5 g/dL; inr=1.69 | 7 | class B",
        "bilirubin=3 mg/dL; albumin=2.8 g/dL; inr=2.3; ascites=slight | 9 | class B",
        "bilirubin=3.01 mg/dL; albumin=28 g/L; inr=2.3; ascites=slight | 10 | class C",
        "bilirubin=60 µmol/L; albumin=27.9 g/L; inr=2.31; ascites=moderate to severe;"
            + " encephalopathy=3 to 4 | 15 | class C",
      })
  void childPugh(String pairs, double value, String band) {
    check("child_pugh", pairs, value, band);
  }

  /** Worked with a pocket calculator. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // 10 (0 + 0.15327 + 0.45412 + 0.643) = 12.50, 13; 13 + 2.64 - 0.858 = 14.78.
        "creatinine=1 mg/dL; bilirubin=1.5 mg/dL; inr=1.5; sodium=135 mmol/L | 15",
        // All at their floors: 6.43, 6; not above 11, so sodium does not count.
        "creatinine=0.5 mg/dL; bilirubin=0.4 mg/dL; inr=0.9; sodium=120 mmol/L | 6",
        // 10 (0.32201 + 0.43967 + 0.65832 + 0.643) = 20.63, 21; 21 + 3.96 - 2.079 = 22.88.
        "creatinine=1.4 mg/dL; bilirubin=3.2 mg/dL; inr=1.8; sodium=134 mmol/L | 23",
        // Creatinine as 4: 10 (1.32668 + 0.43967 + 0.65832 + 0.643) = 30.68, 31; Na 125: 34.56.
        "creatinine=1.4 mg/dL; bilirubin=3.2 mg/dL; inr=1.8; sodium=110 mmol/L; dialysis=true | 35",
        "creatinine=9 mg/dL; bilirubin=30 mg/dL; inr=5; sodium=125 mmol/L | 40",
      })
  void meldNa(String pairs, double value) {
    assertEquals(value, calculate("meld_na", pairs).value());
  }

  /** Worked with another program, in double precision. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "creatinine=0.9 mg/dL; age=40 years; sex=male | 110.72560 | G1",
        "creatinine=0.7 mg/dL; age=40 years; sex=female | 112.05431 | G1",
        "creatinine=1.2 mg/dL; age=60 years; sex=male | 69.23113 | G2",
        "creatinine=88.4 µmol/L; age=55 years; sex=female | 66.53208 | G2",
        "creatinine=3 mg/dL; age=70 years; sex=female | 16.21700 | G4",
      })
  void ckdEpi(String pairs, double value, String band) {
    ScoreResult result = calculate("egfr_ckd_epi", pairs);
    assertEquals(value, result.value(), 0.5e-5 + 4 * Math.ulp(value), "half of the last digit");
    assertTrue(result.band().endsWith(band), result.band());
  }

  @ParameterizedTest
  @CsvSource({
    "89.51, 90, G1", "89.49, 89, G2", "59.51, 60, G2", "59.49, 59, G3a", "44.51, 45, G3a",
    "44.49, 44, G3b", "29.51, 30, G3b", "29.49, 29, G4", "14.51, 15, G4", "14.49, 14, G5"
  })
  void bandsAreThoseOfTheValueThatIsShown(double value, String shown, String band) {
    // The equation solved for the creatinine of a man of 40 years, above 0.9 mg/dL.
    double creatinine = 0.9 * Math.pow(142 * Math.pow(0.9938, 40) / value, 1 / 1.2);
    ScoreResult result =
        calculate(
            "egfr_ckd_epi",
            "age=40 years; sex=male; creatinine=" + ScoreResult.number(creatinine, 9) + " mg/dL");
    assertEquals(shown + " mL/min/1.73 m²", result.shownValue());
    assertTrue(result.band().endsWith(band), result.band());
  }

  /** Examples that were published with the formulas: on the page named, to the digits there. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // WHO, Global Database on Body Mass Index, BMI classification.
        "bmi | weight=70 kg; height=1.75 m | 22.9 | 1",
        // Teaching pages on each formula that give their steps.
        "bsa_mosteller | weight=70 kg; height=175 cm | 1.845 | 3",
        "cockcroft_gault | age=65 years; weight=70 kg; creatinine=1.4 mg/dL; sex=male | 52.1 | 1",
        "cockcroft_gault | age=45 years; weight=60 kg; creatinine=0.9 mg/dL; sex=female | 74.8 | 1",
        "meld_na | creatinine=1 mg/dL; bilirubin=1.5 mg/dL; inr=1.5; sodium=135 mmol/L | 15 | 0",
      })
  void publishedExamples(String name, String pairs, String value, int digits) {
    assertEquals(value, ScoreResult.number(calculate(name, pairs).value(), digits), pairs);
  }

  @Test
  void formulasOfTheBody() {
    // (140 - 60) 72 / 72 = 80, and 0.85 of it.
    String inputs = "creatinine=1 mg/dL; age=60 years; weight=72 kg; ";
    assertEquals(80, calculate("cockcroft_gault", inputs + "sex=male").value(), 1e-9);
    assertEquals(68, calculate("cockcroft_gault", inputs + "sex=female").value(), 1e-9);
    assertEquals(2, calculate("bsa_mosteller", "weight=80 kg; height=180 cm").value(), 1e-9);
    assertEquals(25, calculate("bmi", "weight=81 kg; height=1.8 m").value(), 1e-9);
    assertEquals(
        12,
        calculate("anion_gap", "sodium=140 mmol/L; chloride=104 mEq/L; bicarbonate=24 mmol/L")
            .value(),
        1e-9);
    ScoreResult calcium = calculate("corrected_calcium", "calcium=8 mg/dL; albumin=20 g/L");
    assertEquals(9.6, calcium.value(), 1e-9);
    assertEquals("That is 2.4 mmol/L.", calcium.notes().getFirst());
  }

  @ParameterizedTest
  @CsvSource({
    "18.49, underweight",
    "18.5, normal range",
    "24.99, normal range",
    "25, overweight",
    "30, class I",
    "35, class II",
    "40, class III"
  })
  void bodyMass(double value, String band) {
    ScoreResult result = calculate("bmi", "height=1 m; weight=" + value + " kg");
    assertTrue(result.band().endsWith(band), result.band());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "composition=spongiform; echogenicity=very hypoechoic; punctate_foci=true | 0 | TR1",
        "composition=mixed cystic and solid; echogenicity=hyperechoic or isoechoic | 2 | TR2",
        "composition=solid or almost completely solid; echogenicity=hyperechoic or isoechoic"
            + " | 3 | TR3",
        "composition=solid or almost completely solid; echogenicity=hypoechoic | 4 | TR4",
        "composition=solid or almost completely solid; echogenicity=hypoechoic;"
            + " margin=lobulated or irregular | 6 | TR4",
        "composition=solid or almost completely solid; echogenicity=hypoechoic;"
            + " shape=taller than wide | 7 | TR5",
        "composition=solid or almost completely solid; echogenicity=very hypoechoic;"
            + " shape=taller than wide; margin=extra-thyroidal extension; macrocalcifications=true;"
            + " rim_calcifications=true; punctate_foci=true | 17 | TR5",
      })
  void tiRads(String pairs, double value, String band) {
    check("acr_ti_rads", pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "diameter=5.4 mm; risk=low | no routine",
        "diameter=5.4 mm; risk=high | optional",
        "diameter=5.5 mm; risk=low | Single, 6 to 8 mm, low",
        "diameter=8.4 mm; risk=high | Single, 6 to 8 mm, high",
        "diameter=8.5 mm; risk=low | Single, above 8 mm",
        "diameter=0.9 cm; risk=high | Single, above 8 mm",
        "diameter=5 mm; risk=low; multiple=true | no routine",
        "diameter=6 mm; risk=low; multiple=true | Several, 6 mm and more, low",
        "diameter=12 mm; risk=high; multiple=true | Several, 6 mm and more, high",
      })
  void fleischner(String pairs, String recommendation) {
    String note = calculate("fleischner_solid", pairs).notes().getFirst();
    assertTrue(note.contains(recommendation), note);
  }

  @Test
  void fleischnerIsNotForEverybody() {
    assertThrows(
        ScoreInputException.class,
        () -> calculate("fleischner_solid", "diameter=5 mm; known_cancer=true"));
    assertThrows(
        ScoreInputException.class,
        () -> calculate("fleischner_solid", "diameter=5 mm; age=34 years"));
  }

  @Test
  void widthsAndVolumes() {
    ScoreResult half = calculate("cardiothoracic_ratio", "heart=15 cm; thorax=300 mm");
    assertEquals(0.5, half.value());
    assertTrue(half.band().contains("not enlarged"));
    assertFalse(
        calculate("cardiothoracic_ratio", "heart=151 mm; thorax=300 mm").band().contains("not"));
    String days = "days=100 days; first_volume=100 mm³; second_volume=";
    assertEquals(100, calculate("volume_doubling_time", days + "200 mm³").value(), 1e-9);
    assertEquals(50, calculate("volume_doubling_time", days + "0.4 cm³").value(), 1e-9);
    assertThrows(
        ScoreInputException.class, () -> calculate("volume_doubling_time", days + "100 mm³"));
    // 100 ln 2 / ln 1.24 = 322: short, but less than NELSON took for growth.
    ScoreResult little = calculate("volume_doubling_time", days + "124 mm³");
    assertEquals("322 days", little.shownValue());
    assertTrue(little.notes().getFirst().contains("less than 25%"), little.notes().toString());
    assertTrue(calculate("volume_doubling_time", days + "125 mm³").notes().isEmpty());
  }

  @Test
  void unitsAreNeverGuessed() {
    String others = "age=40 years; sex=male; creatinine=";
    for (String wrong :
        new String[] {"1.2", "1.2 mmol/L", "1.2 mg/L", "one", "", "1,2 mg/dL", "NaN mg/dL"}) {
      ScoreInputException e =
          assertThrows(
              ScoreInputException.class, () -> calculate("egfr_ckd_epi", others + wrong), wrong);
      assertTrue(String.valueOf(e.getMessage()).contains("mg/dL or µmol/L"), e.getMessage());
    }
    // The micro sign, the Greek letter and u.
    for (String micro : new String[] {"\u00B5", "\u03BC", "u"}) {
      assertEquals(
          calculate("egfr_ckd_epi", others + "1 mg/dL").value(),
          calculate("egfr_ckd_epi", others + "88.4 " + micro + "mol/L").value(),
          1e-9);
    }
  }

  @Test
  void whatIsOutOfRangeOrUnknownIsRefused() {
    for (String wrong :
        new String[] {"creatinine=120 mg/dL", "age=17 years", "sex=other", "colour=red"}) {
      assertThrows(ScoreInputException.class, () -> calculate("egfr_ckd_epi", wrong), wrong);
    }
    Map<String, Object> missing = harmless("curb_65");
    missing.remove("confusion");
    assertThrows(
        ScoreInputException.class,
        () -> ClinicalScores.of("curb_65").orElseThrow().calculate(missing));
  }

  @Test
  void eachHasASourceAndItsOwnName() {
    Set<String> names = new HashSet<>();
    for (ClinicalScore score : ClinicalScores.all()) {
      assertTrue(names.add(score.name()), score.name());
      assertTrue(score.source().matches(".*(19|20)[0-9]{2}.*"), score.source());
      assertFalse(score.inputs().isEmpty(), score.name());
    }
    assertTrue(names.size() >= 12, "scores: " + names);
  }
}
