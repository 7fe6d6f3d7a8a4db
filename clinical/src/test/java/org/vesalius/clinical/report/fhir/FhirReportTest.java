package org.vesalius.clinical.report.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.DiagnosticReport;
import org.hl7.fhir.r4.model.Observation;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.Reports;

class FhirReportTest {
  /** What the validator says that is known and meant; anything else fails. */
  private static final List<Pattern> KNOWN_WARNINGS =
      List.of(
          Pattern.compile("(?s).*urn:vesalius:report-terms.*"),
          Pattern.compile("(?s).*loinc\\.org.*"),
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
                new DefaultProfileValidationSupport(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context))));
    Set<String> wrong = new TreeSet<>();
    Report full = Reports.full(Reports.dicomImages());
    List<String> bundles = new ArrayList<>(List.of(FhirReport.json(full, NAMED)));
    if (Boolean.getBoolean("vesalius.full")) {
      bundles.add(FhirReport.json(full, FhirOptions.anonymous()));
      bundles.add(FhirReport.json(Reports.full(Reports.plainImages()), FhirOptions.anonymous()));
      bundles.add(FhirReport.json(Reports.empty(), FhirOptions.anonymous()));
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
    String broken = bundles.getFirst().replaceFirst("\"preliminary\"", "\"sure\"");
    assertFalse(validator.validateWithResult(broken).isSuccessful());
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
    assertTrue(nodule.getNoteFirstRep().getText().startsWith("Quoted from Terms (terms/nodule.md"));
    assertEquals(
        bundle.getEntry().get(2).getFullUrl(), nodule.getDerivedFromFirstRep().getReference());
    assertEquals(
        "IND", observations.get(5).getInterpretationFirstRep().getCodingFirstRep().getCode());
    assertEquals(
        "unknown", observations.get(6).getDataAbsentReason().getCodingFirstRep().getCode());
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
