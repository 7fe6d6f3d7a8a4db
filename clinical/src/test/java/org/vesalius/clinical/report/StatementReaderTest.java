package org.vesalius.clinical.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementReaderTest {
  private static String read(String template, String sentence) {
    return new StatementReader(ReportTemplate.named(template))
        .read(sentence).stream().map(Statement::words).collect(Collectors.joining("; "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          There is a small nodule in the right upper zone. | nodule, small, right, upper
          There is also consolidation in the left lower zone. | consolidation, left, lower
          Right upper nodule and left pleural effusion. | nodule, right, upper; pleural effusion, left
          A nodule in the left mid zone and consolidation in the right upper zone. | nodule, left, mid; consolidation, right, upper
          No pleural effusion or pneumothorax. | no pleural effusion; no pneumothorax
          The left costophrenic angle is blunted by a small pleural effusion. | pleural effusion, small, left
          The lungs are clear. | no nodule; no consolidation
          The heart size is normal. | no enlarged heart
          The heart is enlarged. | enlarged heart
          A central line is in place on the left. | device, central line, left
          Device in place. | device
          No acute abnormality. | no nodule; no consolidation; no pleural effusion; no pneumothorax; no enlarged heart
          No nodule, but there is a left pneumothorax. | no nodule; pneumothorax, left
          There is no nodule, the heart is enlarged. | no nodule; enlarged heart
          A pneumothorax is not seen. | no pneumothorax
          Without nodules. | no nodule
          Annotated. | ''
          No nodule, and consolidation in the left mid zone. | no nodule
          Left effusion is present but pneumothorax is not seen. | pleural effusion, left; no pneumothorax
          Small left pleural effusion, pneumothorax is not seen. | pleural effusion, small, left; no pneumothorax
          A pneumothorax cannot be excluded. | ''
          The effusion has not resolved. | ''
          The left effusion is no longer seen. | no pleural effusion, left
          No change in the left pleural effusion. | pleural effusion, left
          No significant interval change in right pneumothorax. | pneumothorax, right
          Not only an effusion but also a nodule. | pleural effusion; nodule
          No right pleural effusion. | no pleural effusion, right
          No pneumothorax, small left pleural effusion. | no pneumothorax
          The lungs are clear except for a nodule on the left. | nodule, left
          Without consolidation or nodules. | no consolidation; no nodule
          """)
  void wordsBecomeStatements(String sentence, String expected) {
    assertEquals(expected, read("phantom", sentence));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          右肺中野实变，左侧心脏起搏器。 | 实变, right, mid; 植入装置, pacemaker, left
          左侧少量胸腔积液 | 胸腔积液, small, left
          未见结节、实变。 | no 结节; no 实变
          未见气胸，左侧少量胸腔积液。 | no 气胸; 胸腔积液, small, left
          两肺未见明显结节，心影增大。 | no 结节; 心影增大
          左侧胸腔积液较前无明显变化。 | 胸腔积液, left
          未见异常。 | no 结节; no 实变; no 胸腔积液; no 气胸; no 心影增大
          两肺清晰，心影正常。 | no 结节; no 实变; no 心影增大
          """)
  void chineseToo(String sentence, String expected) {
    assertEquals(expected, read("phantom-zh", sentence));
  }

  @ParameterizedTest
  @ValueSource(strings = {"chest", "chest-zh", "phantom", "phantom-zh"})
  void eachTemplateKnowsItsOwnWords(String name) {
    ReportTemplate template = ReportTemplate.named(name);
    StatementReader reader = new StatementReader(template);
    for (Finding finding : template.findings()) {
      for (String term : finding.terms()) {
        List<Statement> statements = reader.read(term);
        assertTrue(
            statements.stream().anyMatch(one -> one.finding().equals(finding) && one.present()),
            term);
      }
      assertTrue(finding.present().stream().distinct().count() == finding.present().size());
      assertTrue(finding.present().stream().noneMatch(one -> one.answer().contains("{")));
    }
  }

  @Test
  void sentencesEndWhereTheyEnd() {
    assertEquals(
        List.of("1. Left nodule.", "2. Effusion of 1.5 cm.", "A.", "B?", "C"),
        WrittenText.sentences(" 1. Left nodule. 2. Effusion of 1.5 cm.\nA. B? C"));
    assertEquals(List.of("所见正常。", "无结节。"), WrittenText.sentences("所见正常。无结节。"));
  }

  @Test
  void twoSidesAreBoth() {
    assertEquals("pleural effusion, both", read("chest", "Left and right pleural effusions."));
    assertEquals("pleural effusion, both", read("chest", "Bilateral pleural effusions."));
    assertEquals("lung nodule or mass, left", read("chest", "Multiple masses on the left."));
  }

  private static String written(String template, String answer) {
    return WrittenText.of(ReportTemplate.named(template), answer).sections().stream()
        .map(part -> part.heading().id() + part.sentences())
        .collect(Collectors.joining(" "));
  }

  @Test
  void nothingThatWasWrittenIsLost() {
    assertEquals(
        "findings[There is a nodule., Normal.] impression[None.]",
        written("phantom", "There is a nodule.\nFindings: Normal.\nImpression: None."));
    assertEquals(
        "findings[A., B.] impression[C., D.]",
        written(
            "chest",
            "```json\n{\"findings\": [\"A. B.\"], \"impression\": \"C.\", \"x\": [{\"y\": \"D.\"}]}\n```"));
    assertEquals(
        "findings[{\"findings\": [\"A.\"], and so on] impression[]",
        written("chest", "{\"findings\": [\"A.\"], and so on"));
    assertEquals(
        List.of("No fracture of rib 7.", "Left effusion."),
        WrittenText.sentences("No fracture of rib 7. Left effusion."));
  }
}
