package org.vesalius.clinical.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Codes of findings and sites are data of templates. */
class TemplateCodesTest {
  private static ReportTemplate template(String codes) {
    String yaml =
        """
        name: one
        language: en
        prompt: Report.
        answer: {json: {}}
        sections: [{id: findings, title: Findings}]
        negations: ['no']
        findings:
          - id: a
            terms: [a]
            question: 'A?'
            absent: 'No'
            present: 'Yes'
        """;
    return TemplateReader.read((yaml + codes).getBytes(StandardCharsets.UTF_8), "one.yaml");
  }

  @Test
  void codesAreOptional() {
    assertTrue(template("").finding("a").orElseThrow().codes().isEmpty());
    FindingCodes codes =
        template("    site: [{system: DCM, code: '112033', display: x}]\n")
            .finding("a")
            .orElseThrow()
            .codes();
    assertEquals(List.of(), codes.finding());
    assertEquals(new CodedConcept(CodedConcept.Scheme.DCM, "112033", "x"), codes.site().getFirst());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {system: ICD10, code: J93, display: x} | findings[0].codes[0].system: expected one of [RADLEX, LN, SCT, DCM], found "ICD10"
          {system: RADLEX, code: '5352', display: x} | code: expected one of RADLEX such as RID5352, found "5352"
          {system: SCT, code: '12345678901234567', display: x} | code: expected one of SCT
          {system: LN, code: '59776', display: x} | code: expected one of LN such as 59776-5, found "59776"
          {system: RADLEX, code: RID1, display: 'a\\b'} | display: expected a line
          {system: RADLEX, code: RID1} | findings[0].codes[0].display: expected a text, found nothing
          {system: RADLEX, code: RID1, display: x, version: '1'} | findings[0].codes[0].version: expected one of
          {system: RADLEX, code: RID1, display: x}, {system: RADLEX, code: RID2, display: y} | findings[0]: codes: expected at most one of each system
          """)
  void whatIsNoCodeIsRefused(String codes, String problem) {
    ReportTemplateException refused =
        assertThrows(ReportTemplateException.class, () -> template("    codes: [" + codes + "]\n"));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.startsWith("one.yaml: ") && message.contains(problem), message);
  }

  /** The same thing has the same codes whatever the language, and DICOM's are at hand. */
  @Test
  void theBuiltInTemplatesAgree() {
    for (String name : List.of("chest", "phantom")) {
      ReportTemplate english = ReportTemplate.named(name);
      ReportTemplate chinese = ReportTemplate.named(name + "-zh");
      for (Finding finding : english.findings()) {
        FindingCodes codes = finding.codes();
        assertEquals(codes, chinese.finding(finding.id()).orElseThrow().codes(), finding.id());
        assertEquals(
            codes.site().isEmpty(),
            codes.site().stream().noneMatch(one -> one.system() == CodedConcept.Scheme.SCT));
      }
      assertTrue(english.findings().stream().anyMatch(finding -> !finding.codes().isEmpty()));
    }
  }
}
