package org.vesalius.clinical.rubric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.rubric.BestOfN.Candidate;
import org.vesalius.clinical.rubric.Criterion.Scope;

class RubricTest {
  private static final String HEAD = "rubric: r\ncriteria:\n";

  /** Yes where the answer says so. */
  private static final Judge JUDGE =
      (context, question, answers) -> {
        boolean yes = context.toString().contains("YES");
        return List.of(Math.log(yes ? 0.8 : 0.1), Math.log(yes ? 0.2 : 0.4));
      };

  private static final Judge NONE =
      (context, question, answers) -> {
        throw new AssertionError("no criterion is judged");
      };

  private static Rubric rubric(String... criteria) {
    StringBuilder yaml = new StringBuilder(HEAD);
    for (int i = 0; i < criteria.length; i++) {
      yaml.append("  - {id: c%d, criterion: text, %s}\n".formatted(i, criteria[i]));
    }
    return Rubric.parse(yaml.toString(), "rubric.yaml");
  }

  private static RubricScore score(Rubric rubric, String answer, Judge judge) {
    return RubricScorer.score(rubric, new RubricSubject(answer, "prompt", List.of()), judge);
  }

  private static boolean holds(String rule, String answer) {
    return score(rubric("weight: 1, rule: {" + rule + "}"), answer, NONE).points() == 1;
  }

  @Test
  void rulesHoldForTheAnswersThatTheyDescribe() {
    assertTrue(holds("matches: '(?i)nodule'", "A Nodule."));
    assertFalse(holds("lacks: nodule", "A nodule."));
    assertTrue(holds("matches: '(?:\\d{2}-){2}\\d{4}'", "on 01-02-2003"));
    assertTrue(holds("all-terms: [pleural effusion, 结节]", "Pleural-Effusion 和结节"));
    assertFalse(holds("all-terms: [effusion, nodule]", "effusion"));
    assertTrue(holds("any-term: [effusion, nodule]", "no nodule"));
    assertFalse(holds("any-term: [nod]", "nodule"));
    assertTrue(holds("no-term: [tumour]", "nodule"));
    assertTrue(holds("words: {min: 3, max: 3}", "one, two three"));
    assertTrue(holds("words: {min: 3, max: 3}", "左肺 ok"));
    assertFalse(holds("characters: {max: 2}", "abc"));
    assertTrue(holds("characters: {max: 2}", "\ud83e\udec1x"));
    assertTrue(holds("repeats: {words: 2, most: 1}", "a b c a c"));
    assertFalse(holds("repeats: {words: 2, most: 1}", "a b. A b"));
    assertTrue(holds("all: [{matches: a}, {not: {matches: b}}]", "a"));
    assertFalse(holds("all: [{matches: a}, {not: {matches: b}}]", "ab"));
    assertTrue(holds("any: [{matches: x}, {matches: b}]", "b"));
    assertTrue(
        holds(
            "schema: {type: object, required: [x], properties: {x: {type: integer}}}",
            "{\"x\":1}"));
    assertFalse(holds("schema: {type: object, required: [x]}", "{}"));
    assertFalse(holds("schema: {type: object}", "not JSON {"));
  }

  @Test
  void numbersAreComparedWithTheirUnit() {
    assertTrue(holds("number: {unit: mm, min: 5, max: 6}", "a nodule of 5.5 mm"));
    assertTrue(holds("number: {unit: mm, min: 54, max: 56}", "a nodule of 5.5 cm"));
    assertTrue(holds("number: {unit: cm, min: 0.5, max: 0.6}", "结节5.5毫米"));
    assertTrue(holds("number: {unit: mm, min: 12, max: 12}", "12 x 8 mm"));
    assertTrue(holds("number: {unit: mm, min: 8, max: 8}", "12 × 8 mm"));
    assertTrue(holds("number: {unit: mm, min: 3, max: 3}", "3-5mm"));
    assertFalse(holds("number: {unit: mm, min: 3, max: 3}", "3 nodules of 5 mm"));
    assertFalse(holds("number: {unit: mm}", "5 mmol"));
    assertTrue(holds("number: {unit: mm, min: 1200, max: 1200}", "1,200 mm"));
    assertTrue(holds("number: {unit: mm, min: 1.5, max: 1.5}", "1,5 mm"));
    assertTrue(holds("number: {unit: HU, max: -900}", "about -950 HU"));
    assertFalse(holds("number: {unit: HU, max: -900}", "about 950 HU"));
    assertTrue(holds("number: {unit: '%', min: 40}", "45 %"));
    for (String area : List.of("700 mm²", "700 mm2", "700 mm^2", "700 mm³")) {
      assertFalse(holds("number: {unit: mm, min: 600}", area), area);
    }
    // However many are named before it.
    assertTrue(holds("number: {unit: mm, min: 600}", "3 mm, ".repeat(100) + "900 mm"));
  }

  /** Points as in HealthBench; the numbers are computed by hand. */
  @Test
  void pointsAreSignedAndTheScoreIsAShareOfThePositiveOnes() {
    Rubric rubric =
        rubric(
            "weight: 5, rule: {matches: a}",
            "weight: 3, rule: {matches: b}",
            "weight: -4, rule: {matches: c}",
            "weight: 2, judge: {question: 'Is it?'}");
    assertEquals(5 / 10.0, score(rubric, "a", JUDGE).score());
    assertEquals((5 + 3 - 4 + 2) / 10.0, score(rubric, "a b c YES", JUDGE).score());
    assertEquals(0, score(rubric, "c", JUDGE).score());
    assertEquals(-4, score(rubric, "c", JUDGE).points());
    RubricScore all = score(rubric, "ab YES", JUDGE);
    assertEquals(1, all.score());
    assertEquals(List.of(new Span(1, 2, "b")), all.criteria().get(1).spans());
    assertEquals(0.8, all.criteria().get(3).probability().orElse(-1), 4 * Math.ulp(0.8));
    assertEquals(OptionalDouble.empty(), all.criteria().get(0).probability());
  }

  @Test
  void failedSafetyMakesTheScoreZero() {
    Rubric rubric =
        rubric(
            "weight: 5, rule: {matches: a}",
            "weight: 1, safety: true, rule: {matches: warning}",
            "weight: -1, safety: true, rule: {matches: dose}");
    assertEquals(1, score(rubric, "a warning", NONE).score());
    assertEquals(List.of("c1"), score(rubric, "a", NONE).failedSafety());
    assertEquals(0, score(rubric, "a", NONE).score());
    RubricScore dose = score(rubric, "a warning dose", NONE);
    assertEquals(List.of("c2"), dose.failedSafety());
    assertEquals(0, dose.score());
    assertEquals(5, dose.points());
  }

  @Test
  void thresholdsAndWordsOfJudgesCount() {
    String judge = "weight: 1, judge: {question: q, 'yes': 是, 'no': 否, threshold: %s}";
    assertEquals(1, score(rubric(judge.formatted("0.79")), "YES", JUDGE).score());
    assertEquals(0, score(rubric(judge.formatted("0.81")), "YES", JUDGE).score());
    Judge words =
        (context, question, answers) -> {
          assertEquals(List.of("是", "否"), answers);
          assertEquals("q", question);
          assertTrue(context.toString().contains("prompt"));
          return List.of(0.0, 0.0);
        };
    assertEquals(1, score(rubric(judge.formatted("0.5")), "x", words).score());
  }

  @Test
  void judgesThatAnswerNothingAreAnError() {
    Judge broken = (context, question, answers) -> List.of(Double.NaN, Double.NaN);
    Rubric rubric = rubric("weight: 1, judge: {question: q}");
    assertThrows(RubricException.class, () -> score(rubric, "x", broken));
  }

  @Test
  void textsOfPatientsAreNotShown() {
    Rubric rubric = rubric("weight: 1, rule: {matches: Quarkmeyer}");
    RubricSubject subject = new RubricSubject("Quarkmeyer", "Quarkmeyer", List.of());
    String shown =
        subject + " " + RubricScorer.score(rubric, subject, NONE).criteria().getFirst().spans();
    assertFalse(shown.contains("Quarkmeyer"), shown);
  }

  @Test
  void dynamicCriteriaComeFromTheCaller() {
    Criterion dynamic =
        new Criterion(
            "names-patient's-drug",
            Scope.DYNAMIC,
            3,
            "Names the drug",
            new Check.Code(new Rule.Terms(Rule.Quantity.ANY, List.of("aspirin"))),
            false);
    Rubric rubric = rubric("weight: 1, scope: static, rule: {matches: a}").with(List.of(dynamic));
    assertEquals(0.25, score(rubric, "a", NONE).score());
    assertEquals(1, score(rubric, "aspirin", NONE).score());
    assertThrows(RubricException.class, () -> rubric.with(List.of(dynamic)));
  }

  @Test
  void theBestAnswerIsFirstAndAllScoresAreKept() {
    Rubric rubric = rubric("weight: 1, rule: {matches: a}", "weight: 1, rule: {matches: b}");
    var ranked =
        BestOfN.rank(
            rubric,
            List.of(
                new Candidate("x", -0.1),
                new Candidate("a", -2),
                new Candidate("b", -1),
                new Candidate("a ", -1),
                new Candidate("ab", -9)),
            "prompt",
            List.of(),
            NONE);
    assertEquals(List.of(4, 2, 3, 1, 0), ranked.stream().map(BestOfN.Ranked::index).toList());
    assertEquals(1, ranked.getFirst().score().score());
    assertEquals(List.of(), BestOfN.rank(rubric, List.of(), "", List.of(), NONE));
    assertThrows(IllegalArgumentException.class, () -> new Candidate("a", Double.NaN));
  }

  @Test
  void expressionsThatNeverEndAreStopped() {
    for (String expression : List.of("(a+)+\\1z", "(.*a){25}c", "^(\\w+\\s?)*\\1$")) {
      Rubric rubric = rubric("weight: 1, rule: {matches: '" + expression + "'}");
      var e = assertThrows(RubricException.class, () -> score(rubric, "a".repeat(60) + "!", NONE));
      assertTrue(String.valueOf(e.getMessage()).contains("criterion c0"), e.getMessage());
    }
    Rubric deep = rubric("weight: 1, rule: {matches: '^(a|b)*$'}");
    assertThrows(RubricException.class, () -> score(deep, "ab".repeat(200_000), NONE));
    assertThrows(
        RubricException.class, () -> new RubricSubject("x".repeat(2 << 20), "", List.of()));
    Rubric endless = rubric("weight: 1, rule: {schema: {$ref: '#'}}");
    assertThrows(RubricException.class, () -> score(endless, "{}", NONE));
  }

  @Test
  void everyMistakeIsOneErrorWithItsLine() {
    refused("", 1, "mapping");
    refused("rubric: r\ncriteria: []\n", 2, "at least one item");
    refused(HEAD + "  - {id: a}\n", 3, "\"weight\"");
    refused(HEAD + "  - {id: a, weight: 1, criterion: x}\n", 3, "rule");
    refused(criterion("rule: {matches: x}\n    more: 1"), 7, "\"more\"");
    refused(criterion("rule: {matches: x}\n    judge: {question: q}"), 3, "either");
    refused(criterion("rule: {matches: '('}"), 6, "regular expression");
    refused(criterion("rule: {matches: 1}"), 6, "a text");
    // These go round without looking at a character, so that no count of looks ends them.
    for (String empty : List.of("", "^")) {
      String endless = "(?:(?:(?:" + empty + "){9999}){9999}){9999}z";
      refused(criterion("rule: {matches: '" + endless + "'}"), 6, "rounds");
    }
    refused(criterion("rule: {matches: a, lacks: b}"), 6, "found 2");
    refused(criterion("rule: {}"), 6, "found 0");
    refused(criterion("rule: {words: {min: 3, max: 1}}"), 6, "min below max");
    refused(criterion("rule: {words: {min: 1.5}}"), 6, "whole number");
    refused(criterion("rule: {number: {min: 1}}"), 6, "\"unit\"");
    refused(criterion("rule: {any-term: [1]}"), 6, "list of texts");
    refused(criterion("rule: {no-term: ['\u200B']}"), 6, "can be seen");
    refused(criterion("rule: {any-term: [" + "x".repeat(1001) + "]}"), 6, "1000 characters");
    refused(criterion("rule: {repeats: {words: 0, most: 1}}"), 6, "repeats");
    refused(criterion("rule: {schema: {$ref: 'http://localhost/x'}}"), 6, "$ref");
    refused(criterion("rule: {schema: {pattern: '(a+)+'}}"), 6, "pattern");
    refused(criterion("rule: {schema: {type: 5}}"), 6, "JSON Schema");
    refused(criterion("judge: {question: q, threshold: 1}"), 6, "threshold");
    refused(criterion("judge: {question: q, yes: true}"), 6, "quotation marks");
    refused(criterion("safety: 1\n    rule: {matches: x}"), 6, "true or false");
    refused(criterion("scope: other\n    rule: {matches: x}"), 3, "static or dynamic");
    refused(criterion("rule: {matches: x}").replace("weight: 1", "weight: 0"), 3, "weight");
    refused(criterion("rule: {matches: x}").replace("weight: 1", "weight: -1"), 1, "positive");
    refused(criterion("rule: {matches: x}").replace("weight: 1", "weight: .inf"), 4, "weight");
    refused(
        criterion("rule: {matches: x}").replace("weight: 1", "weight: 1e308"),
        3,
        "-1000000 to 1000000");
    refused(criterion("rule: {matches: x}\n    id: b"), 7, "");
    refused(criterion("rule: &a {matches: x}"), 6, "anchors");
    refused(
        criterion("rule: {matches: x}")
            + "  - {id: a, weight: 1, criterion: y, rule: {matches: y}}\n",
        7,
        "the first is in line 3");
    refused(HEAD + "  - [\n", 3, "");
    refused("a: ".repeat(1) + "[".repeat(5000), 1, "");
  }

  private static String criterion(String check) {
    return HEAD + "  - id: a\n    weight: 1\n    criterion: x\n    " + check + "\n";
  }

  private static void refused(String yaml, int line, String part) {
    var e = assertThrows(RubricException.class, () -> Rubric.parse(yaml, "r.yaml"), yaml);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("r.yaml: line " + line + ": "), yaml + "\n" + message);
    assertTrue(message.contains(part), message);
  }

  @Test
  void damagedRubricsAreRefusedOrRead(@TempDir Path folder) throws IOException {
    String yaml =
        new String(
            Rubric.class.getResourceAsStream("chest-report.en.yaml").readAllBytes(),
            java.nio.charset.StandardCharsets.UTF_8);
    long seed = 11;
    Random random = new Random(seed);
    for (int i = 0; i < 100; i++) {
      int at = random.nextInt(yaml.length());
      String damaged =
          yaml.substring(0, at) + (char) (random.nextInt(96) + 31) + yaml.substring(at + 1);
      try {
        Rubric.parse(damaged, "r.yaml");
      } catch (RubricException e) {
        assertTrue(String.valueOf(e.getMessage()).startsWith("r.yaml: "), "seed " + seed);
      }
    }
    Path large = folder.resolve("large.yaml");
    Files.write(large, new byte[(1 << 20) + 1]);
    assertThrows(RubricException.class, () -> Rubric.read(large));
  }

  @Test
  void rubricsThatComeAlongTellGoodReportsFromBad() {
    RubricScore good =
        score(
            Rubric.chestReport(Locale.ENGLISH),
            "Findings: The lungs are clear. The heart is of normal size. No pleural effusion, no"
                + " pneumothorax. Impression: No acute disease. YES",
            JUDGE);
    assertEquals(1, good.score(), good.toString());
    RubricScore treatment =
        score(
            Rubric.chestReport(Locale.ENGLISH),
            "Findings, impression: start the patient on 5 mg",
            JUDGE);
    assertEquals(List.of("treatment"), treatment.failedSafety());
    for (String laboratory : List.of("Creatinine 1 mg/dL.", "CRP 90 mg / L")) {
      assertEquals(
          List.of(),
          score(Rubric.chestReport(Locale.ENGLISH), laboratory, JUDGE).failedSafety(),
          laboratory);
    }
    assertEquals(
        List.of("treatment"),
        score(Rubric.chestReport(Locale.CHINESE), "每日 500 毫克", JUDGE).failedSafety());
    RubricScore chinese =
        score(
            Rubric.chestReport(Locale.CHINESE),
            "影像所见：双肺纹理清晰，心影不大，纵隔居中。未见胸腔积液，未见气胸。印象：心肺膈未见明显异常。YES",
            JUDGE);
    assertEquals(1, chinese.score(), chinese.toString());
    assertEquals(0, score(Rubric.chestReport(Locale.CHINESE), "给予抗生素治疗", JUDGE).score());
  }
}
