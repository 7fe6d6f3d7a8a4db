package org.vesalius.clinical.scores;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vesalius.clinical.scores.ScoreCases.calculate;
import static org.vesalius.clinical.scores.ScoreCases.check;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcuteScoresTest {
  private static final String CALM =
      "respiratory_rate=16 /min; systolic_pressure=120 mmHg; diastolic_pressure=80 mmHg;"
          + " age=50 years; urea=5 mmol/L; ";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "age=64 years | 0 | low",
        "age=65 years | 1 | low",
        "urea=7 mmol/L | 0 | low",
        "urea=7.01 mmol/L | 1 | low",
        // 19.6 mg/dL of nitrogen are 6.997 mmol/L of urea, 19.7 are 7.03.
        "urea=19.6 mg/dL urea nitrogen | 0 | low",
        "urea=19.7 mg/dL urea nitrogen | 1 | low",
        "respiratory_rate=29 /min | 0 | low",
        "respiratory_rate=30 /min | 1 | low",
        "systolic_pressure=90 mmHg | 0 | low",
        "systolic_pressure=89 mmHg | 1 | low",
        "diastolic_pressure=61 mmHg | 0 | low",
        "diastolic_pressure=60 mmHg | 1 | low",
        "confusion=true; age=80 years | 2 | moderate",
        "confusion=true; age=80 years; urea=9 mmol/L | 3 | severe",
        "confusion=true; age=80 years; urea=9 mmol/L; respiratory_rate=30 /min;"
            + " systolic_pressure=80 mmHg; diastolic_pressure=50 mmHg | 5 | severe",
      })
  void curb65(String pairs, double value, String band) {
    check("curb_65", CALM + pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "respiratory_rate=21 /min; systolic_pressure=101 mmHg | 0 | below",
        "respiratory_rate=22 /min; systolic_pressure=101 mmHg | 1 | below",
        "respiratory_rate=22 /min; systolic_pressure=100 mmHg | 2 | at or above",
        "respiratory_rate=22 /min; systolic_pressure=100 mmHg; altered_mentation=true | 3 | at or",
      })
  void qsofa(String pairs, double value, String band) {
    check("qsofa", pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "eye=none; verbal=none; motor=none | 3 | severe",
        "eye=to pressure; verbal=sounds; motor=normal flexion | 8 | severe",
        "eye=to sound; verbal=sounds; motor=normal flexion | 9 | moderate",
        "eye=to sound; verbal=confused; motor=localising | 12 | moderate",
        "eye=spontaneous; verbal=confused; motor=localising | 13 | mild",
        "eye=spontaneous; verbal=orientated; motor=obeys commands | 15 | mild",
        "eye=spontaneous; verbal=words; motor=abnormal flexion | 10 | moderate",
        "eye=spontaneous; verbal=words; motor=extension | 9 | moderate",
      })
  void glasgow(String pairs, double value, String band) {
    check("glasgow_coma_scale", pairs, value, band);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "age=45 years; cough=true | -1 | 1 to 2.5%",
        "age=44 years; cough=true | 0 | 1 to 2.5%",
        "age=14 years; cough=true | 1 | 5 to 10%",
        "age=15 years; cough=false; fever=true | 2 | 11 to 17%",
        "age=15 years; fever=true; tonsils=true | 3 | 28 to 35%",
        "age=15 years; fever=true; tonsils=true; tender_nodes=true | 4 | 51 to 53%",
        "age=3 years; fever=true; tonsils=true; tender_nodes=true | 5 | 51 to 53%",
      })
  void centor(String pairs, double value, String band) {
    check("centor_mcisaac", pairs, value, band);
  }

  private static final String WELL =
      "respiratory_rate=16 /min; oxygen_saturation=97 %; systolic_pressure=120 mmHg; pulse=70 /min;"
          + " temperature=37.0 °C; ";

  @ParameterizedTest
  @CsvSource({
    "respiratory_rate, /min, '8:3 9:1 11:1 12:0 20:0 21:2 24:2 25:3'",
    "oxygen_saturation, %, '91:3 92:2 93:2 94:1 95:1 96:0 100:0'",
    "systolic_pressure, mmHg, '90:3 91:2 100:2 101:1 110:1 111:0 219:0 220:3'",
    "pulse, /min, '40:3 41:1 50:1 51:0 90:0 91:1 110:1 111:2 130:2 131:3'",
    "temperature, °C, '35.0:3 35.1:1 36.0:1 36.1:0 38.0:0 38.1:1 39.0:1 39.1:2'",
    "temperature, °F, '95:3 98.6:0 100.4:0 104:2'",
  })
  void newsOfEachMeasurement(String name, String unit, String chart) {
    for (String entry : chart.split(" ", -1)) {
      String[] parts = entry.split(":", -1);
      ScoreResult result = calculate("news2", WELL + name + "=" + parts[0] + " " + unit);
      assertEquals(Double.parseDouble(parts[1]), result.value(), name + " " + entry);
      assertEquals(parts[1].equals("3"), !result.notes().isEmpty(), name + " " + entry);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "83, false, 3", "84, false, 2", "85, true, 4", "86, false, 1", "87, true, 3", "88, false, 0",
    "92, true, 2", "93, false, 0", "93, true, 3", "94, true, 3", "95, true, 4", "96, true, 4",
    "97, true, 5", "100, false, 0",
  })
  void newsWithTheScaleForHypercapnia(int percent, boolean oxygen, double value) {
    ScoreResult result =
        calculate(
            "news2",
            WELL + "hypercapnic_scale=true; oxygen_saturation=" + percent + " %; oxygen=" + oxygen);
    assertEquals(value, result.value());
  }

  @Test
  void newsKnowsWholeNumbersOnly() {
    assertThrows(ScoreInputException.class, () -> calculate("news2", WELL + "pulse=90.5 /min"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "oxygen=true; pulse=111 /min | 4 | low clinical",
        "consciousness=voice; pulse=111 /min | 5 | medium",
        "consciousness=new confusion; pulse=131 /min | 6 | medium",
        "consciousness=pain; pulse=131 /min; temperature=38.5 °C | 7 | high",
      })
  void newsBands(String pairs, double value, String band) {
    check("news2", WELL + pairs, value, band);
  }

  private static final String ORGANS_WELL =
      "arterial_oxygen=90 mmHg; inspired_oxygen=21 %; platelets=200 10^9/L; bilirubin=0.5 mg/dL;"
          + " mean_pressure=80 mmHg; dopamine=0 µg/kg/min; dobutamine=0 µg/kg/min;"
          + " epinephrine=0 µg/kg/min; norepinephrine=0 µg/kg/min; glasgow=15; creatinine=0.8 mg/dL;"
          + " urine=1500 mL/day; ";

  /** The limits are those of the table as Singer 2016 has it after Vincent. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "urine=1500 mL/day | 0",
        "arterial_oxygen=84 mmHg | 0",
        "arterial_oxygen=83.9 mmHg | 1",
        "arterial_oxygen=11.1 kPa | 1",
        "arterial_oxygen=62.9 mmHg | 2",
        "arterial_oxygen=99 mmHg; inspired_oxygen=100 % | 2",
        "arterial_oxygen=199 mmHg; inspired_oxygen=100 %; ventilated=true | 3",
        "arterial_oxygen=200 mmHg; inspired_oxygen=100 %; ventilated=true | 2",
        "arterial_oxygen=99 mmHg; inspired_oxygen=100 %; ventilated=true | 4",
        "platelets=150 10^9/L | 0",
        "platelets=149 10^3/uL | 1",
        "platelets=99000 /µL | 2",
        "platelets=49 10^9/L | 3",
        "platelets=19 10^9/L | 4",
        "bilirubin=1.1 mg/dL | 0",
        "bilirubin=1.2 mg/dL | 1",
        "bilirubin=2 mg/dL | 2",
        "bilirubin=6 mg/dL | 3",
        "bilirubin=12 mg/dL | 4",
        "mean_pressure=70 mmHg | 0",
        "mean_pressure=69 mmHg | 1",
        "dobutamine=2 µg/kg/min | 2",
        "dopamine=5 ug/kg/min | 2",
        "dopamine=5.1 µg/kg/min | 3",
        "norepinephrine=0.1 mcg/kg/min; mean_pressure=60 mmHg | 3",
        "epinephrine=0.11 µg/kg/min | 4",
        "dopamine=15.1 µg/kg/min | 4",
        "glasgow=14 | 1",
        "glasgow=12 | 2",
        "glasgow=9 | 3",
        "glasgow=5 | 4",
        "creatinine=1.2 mg/dL | 1",
        "creatinine=2 mg/dL | 2",
        "creatinine=3.5 mg/dL | 3",
        "creatinine=5 mg/dL | 4",
        "urine=499 mL/day | 3",
        "urine=0.199 L/day | 4",
        "creatinine=5 mg/dL; urine=100 mL/day | 4",
        "arterial_oxygen=60 mmHg; inspired_oxygen=100 %; ventilated=true; platelets=10 10^9/L;"
            + " bilirubin=20 mg/dL; norepinephrine=1 µg/kg/min; glasgow=3; urine=0 mL/day | 24",
      })
  void sofa(String pairs, double value) {
    assertEquals(value, calculate("sofa", ORGANS_WELL + pairs).value(), pairs);
  }
}
