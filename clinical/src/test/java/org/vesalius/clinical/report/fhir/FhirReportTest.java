package org.vesalius.clinical.report.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.Device;
import org.hl7.fhir.r4.model.DiagnosticReport;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Provenance;
import org.hl7.fhir.r4.model.Reference;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportImage;
import org.vesalius.clinical.report.Reports;

class FhirReportTest {
  /** What the validator says that is known and meant; anything else fails. */
  private static final List<Pattern> KNOWN_WARNINGS =
      List.of(
          Pattern.compile("(?s).*urn:vesalius:report-terms.*"),
          Pattern.compile("(?s).*loinc\\.org.*"),
          Pattern.compile("(?s).*radlex\\.org.*"),
          Pattern.compile("(?s).*snomed\\.info.*"),
          Pattern.compile(
              "(?s)Best Practice Recommendation: In general, all observations should have.*"));

  private static final FhirOptions NAMED =
      FhirOptions.anonymous().withSubject("Patient/123").withImageIdentifiers();

  /** Loads the definitions of FHIR, so once. */
  @Test
  void theValidatorOfHapiFindsNoErrors() {
    FhirContext context = FhirContext.forR4Cached();
    FhirValidator validator = context.newValidator();
    validator.registerValidatorModule(
        new FhirInstanceValidator(
            new ValidationSupportChain(
                new FewDefinitions(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context))));
    Set<String> wrong = new TreeSet<>();
    Report full = Reports.full(Reports.dicomImages());
    List<String> bundles = new ArrayList<>(List.of(FhirReport.json(full, NAMED)));
    if (Boolean.getBoolean("vesalius.full")) {
      bundles.add(FhirReport.json(full, FhirOptions.anonymous()));
      bundles.add(FhirReport.json(Reports.full(Reports.plainImages()), FhirOptions.anonymous()));
      bundles.add(FhirReport.json(Reports.two(), FhirOptions.anonymous()));
    }
    for (String bundle : bundles) {
      for (SingleValidationMessage message : validator.validateWithResult(bundle).getMessages()) {
        boolean known =
            KNOWN_WARNINGS.stream().anyMatch(each -> each.matcher(message.getMessage()).matches());
        if (message.getSeverity() != ResultSeverityEnum.INFORMATION
            && (!known || message.getSeverity().compareTo(ResultSeverityEnum.WARNING) > 0)) {
          wrong.add(
              message.getSeverity()
                  + " "
                  + message.getLocationString()
                  + " "
                  + message.getMessage());
        }
      }
    }
    assertEquals(Set.of(), wrong);
    String small = FhirReport.json(Reports.empty(), FhirOptions.anonymous());
    assertTrue(validator.validateWithResult(small).isSuccessful());
    for (String[] edit :
        List.of(
            new String[] {"\"preliminary\"", "\"sure\""},
            new String[] {"\"code\": \"performer\"", "\"code\": \"perform\""},
            new String[] {"\"effectiveDateTime\": \"2026", "\"effectiveDateTime\": \"20262"})) {
      String broken = small.replace(edit[0], edit[1]);
      assertFalse(broken.equals(small), edit[0]);
      assertFalse(
          validator.validateWithResult(broken).getMessages().stream()
              .allMatch(message -> message.getSeverity() == ResultSeverityEnum.INFORMATION),
          edit[1]);
    }
  }

  private static Bundle read(String json) {
    return FhirContext.forR4Cached().newJsonParser().parseResource(Bundle.class, json);
  }

  @Test
  void everythingIsInTheBundle() {
    Bundle bundle =
        read(FhirReport.json(Reports.full(Reports.plainImages()), FhirOptions.anonymous()));
    assertEquals(Bundle.BundleType.COLLECTION, bundle.getType());
    DiagnosticReport head = (DiagnosticReport) bundle.getEntryFirstRep().getResource();
    assertEquals("preliminary", head.getStatus().toCode());
    assertEquals("not identified", head.getSubject().getDisplay());
    assertTrue(head.getConclusion().startsWith(Report.NOTICE + " ABSTAINED: "));
    assertTrue(head.getConclusion().contains("[UNSUPPORTED: "));
    List<Observation> observations =
        bundle.getEntry().stream()
            .map(Bundle.BundleEntryComponent::getResource)
            .filter(Observation.class::isInstance)
            .map(Observation.class::cast)
            .toList();
    assertEquals(3 + 5 + 1, observations.size());
    assertEquals(
        bundle.getEntry().stream()
            .filter(entry -> entry.getResource() instanceof Observation)
            .map(Bundle.BundleEntryComponent::getFullUrl)
            .collect(Collectors.toList()),
        head.getResult().stream().map(result -> result.getReference()).toList());
    assertEquals(2.5, observations.getFirst().getValueQuantity().getValue().doubleValue());
    assertEquals("pixels", observations.get(2).getValueQuantity().getUnit());
    Observation nodule = observations.get(3);
    assertTrue(
        nodule.getComponent().stream()
            .anyMatch(each ->
                each.hasValueStringType()
                    && each.getValueStringType()
                        .getValue()
                        .equals(
                            "image 0; box; pixels 1 2 3.5 4.25; relative 0.1 0.2 0.35 0.425; label nodule")));
    assertTrue(nodule.getNote().get(1).getText().startsWith("Quoted from Terms (terms/nodule.md"));
    assertEquals(
        bundle.getEntry().get(2).getFullUrl(), nodule.getDerivedFromFirstRep().getReference());
    assertEquals(
        "IND", observations.get(5).getInterpretationFirstRep().getCodingFirstRep().getCode());
    assertEquals(
        "unknown", observations.get(6).getDataAbsentReason().getCodingFirstRep().getCode());
  }

  private static List<String> codes(CodeableConcept concept) {
    return concept.getCoding().stream()
        .map(code -> code.getSystem() + "|" + code.getCode())
        .toList();
  }

  private static Observation observation(Bundle bundle, String text) {
    return bundle.getEntry().stream()
        .map(Bundle.BundleEntryComponent::getResource)
        .filter(Observation.class::isInstance)
        .map(Observation.class::cast)
        .filter(one -> one.hasValueStringType() && one.getValueStringType().getValue().equals(text))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void findingsAndSitesAreCoded() {
    Report report = Reports.full(Reports.plainImages());
    String sentence = "There is a nodule of 2.5 mm in the left upper lobe.";
    Bundle bundle = read(FhirReport.json(report, FhirOptions.anonymous()));
    Observation nodule = observation(bundle, sentence);
    assertEquals(List.of("http://radlex.org|RID50149"), codes(nodule.getCode()));
    assertEquals(List.of("http://radlex.org|RID1301"), codes(nodule.getBodySite()));
    assertEquals(List.of("http://loinc.org|59776-5"), codes(nodule.getCategory().get(1)));
    assertEquals(Optional.of("LA9633-4"), presence(nodule));
    Observation denied = observation(bundle, "左肺上叶结节，建议随访。No pleural effusion.");
    assertEquals(codes(nodule.getCode()), codes(denied.getCode()), "what it is about");
    assertEquals(Optional.empty(), presence(denied), "it is not supported");
    Observation width = (Observation) bundle.getEntry().get(2).getResource();
    assertEquals(List.of("http://radlex.org|RID1301"), codes(width.getBodySite()));
    Bundle licensed = read(FhirReport.json(report, FhirOptions.anonymous().withSnomedCt()));
    assertEquals(
        List.of("http://radlex.org|RID50149", "http://snomed.info/sct|27925004"),
        codes(observation(licensed, sentence).getCode()));
    assertFalse(FhirReport.json(report, NAMED).contains("snomed"));
  }

  /** A component must not have the code of its observation (obs-7), nor one for what is unclear. */
  @Test
  void severalFindingsAreComponents() {
    Observation both =
        observation(read(FhirReport.json(Reports.two(), FhirOptions.anonymous())), "Both.");
    assertEquals(List.of("http://loinc.org|59776-5"), codes(both.getCode()));
    assertEquals(
        List.of("RID50149 LA9633-4", "RID5352 LA9634-2"),
        both.getComponent().stream()
            .filter(one -> one.getCode().getCodingFirstRep().getSystem().contains("radlex"))
            .map(one ->
                one.getCode().getCodingFirstRep().getCode()
                    + " "
                    + one.getValueCodeableConcept().getCodingFirstRep().getCode())
            .toList());
    assertFalse(both.hasBodySite(), "one of them has no site");
  }

  private static Optional<String> presence(Observation observation) {
    return observation.getComponent().stream()
        .filter(one -> one.getCode().getCodingFirstRep().getCode().equals("presence"))
        .map(one -> one.getValueCodeableConcept().getCodingFirstRep().getCode())
        .findFirst();
  }

  /** R4 lets no device perform an observation, so that a provenance says what made it. */
  @Test
  void theDeviceMadeAllOfIt() {
    Bundle bundle =
        read(FhirReport.json(Reports.full(Reports.plainImages()), FhirOptions.anonymous()));
    Provenance made = (Provenance) bundle.getEntry().getLast().getResource();
    assertEquals(
        bundle.getEntry().stream()
            .filter(entry ->
                entry.getResource() instanceof Observation
                    || entry.getResource() instanceof DiagnosticReport)
            .map(Bundle.BundleEntryComponent::getFullUrl)
            .toList(),
        made.getTarget().stream().map(Reference::getReference).toList());
    String device =
        bundle.getEntry().stream()
            .filter(entry -> entry.getResource() instanceof Device)
            .map(Bundle.BundleEntryComponent::getFullUrl)
            .findFirst()
            .orElseThrow();
    assertEquals(device, made.getAgentFirstRep().getWho().getReference());
    assertEquals("performer", made.getAgentFirstRep().getType().getCodingFirstRep().getCode());
  }

  /** A date leads to a patient too: it goes in with the identifiers, and else is the report's. */
  @Test
  void theEffectiveTimeIsThatOfTheImagesWhereItMayBeSaid() {
    Map<Integer, String> acquired = Map.of(0x0008_0022, "20260101", 0x0008_0032, "101112.5");
    assertEquals("2026-01-01", effective(acquired, NAMED), "no offset from UTC is known");
    Map<Integer, String> zoned = new HashMap<>(acquired);
    zoned.put(0x0008_0201, "+0100");
    assertEquals("2026-01-01T10:11:12+01:00", effective(zoned, NAMED));
    assertEquals("2026-01-03", effective(Map.of(0x0008_0023, "20260103"), NAMED), "content date");
    String reported = "2026-01-02T03:04:05.678Z";
    assertEquals(reported, effective(zoned, FhirOptions.anonymous()));
    assertEquals(reported, effective(Map.of(0x0008_0022, "2026"), NAMED), "no date at all");
  }

  private static String effective(Map<Integer, String> elements, FhirOptions options) {
    ReportImage image =
        new ReportImage(
            0,
            "scan.dcm",
            OptionalInt.empty(),
            false,
            Optional.of(Reports.dicom("1.2.3", "CT", 1, elements)));
    Bundle bundle = read(FhirReport.json(Reports.full(List.of(image)), options));
    Observation first = (Observation) bundle.getEntry().get(2).getResource();
    DiagnosticReport head = (DiagnosticReport) bundle.getEntryFirstRep().getResource();
    String time = first.getEffectiveDateTimeType().getValueAsString();
    assertEquals(time, head.getEffectiveDateTimeType().getValueAsString());
    assertEquals(
        time.endsWith("Z"),
        first.getNote().stream().anyMatch(note -> note.getText().contains("that of the report")));
    return time;
  }

  @Test
  void nothingOfThePatientGoesInUnlessItIsGiven() {
    Report report = Reports.full(Reports.dicomImages());
    String anonymous = FhirReport.json(report, FhirOptions.anonymous());
    for (String secret : List.of("Ottilie", "4711", "1.2.3", "ACC-77", "1950")) {
      assertFalse(anonymous.contains(secret), secret);
    }
    Bundle named = read(FhirReport.json(report, NAMED));
    DiagnosticReport head = (DiagnosticReport) named.getEntryFirstRep().getResource();
    assertEquals("Patient/123", head.getSubject().getReference());
    assertEquals("urn:oid:1.2.3", head.getImagingStudyFirstRep().getIdentifier().getValue());
    assertEquals(1, head.getImagingStudy().size());
    assertEquals("25045-6", head.getCode().getCodingFirstRep().getCode());
    assertThrows(
        IllegalArgumentException.class,
        () -> FhirOptions.anonymous().withSubject("Ottilie Quarkmeyer"));
  }

  @Test
  void nothingInMarkdownIsMarkup() {
    assertEquals(
        "&lt;b&gt; \\!\\[x\\](http://a/b.png) \\\\ \\*y\\* &amp;amp;",
        FhirTerms.markdown("<b> ![x](http://a/b.png) \\ *y* &amp;"));
  }

  @Test
  void equalReportsGiveEqualBundles() {
    assertEquals(
        FhirReport.json(Reports.full(Reports.dicomImages()), NAMED),
        FhirReport.json(Reports.full(Reports.dicomImages()), NAMED));
  }
}
