package org.vesalius.clinical.report.fhir;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.Coding;
import org.hl7.fhir.r4.model.Quantity;
import org.vesalius.clinical.report.CodedConcept;
import org.vesalius.clinical.report.PlainText;

/** Codes that a report uses. */
final class FhirTerms {
  /** What no standard has a code for. */
  static final String OWN = "urn:vesalius:report-terms";

  private static final String LOINC = "http://loinc.org";
  private static final String UCUM = "http://unitsofmeasure.org";
  private static final String CATEGORY = "http://terminology.hl7.org/CodeSystem/v2-0074";
  private static final String OBSERVATION_CATEGORY =
      "http://terminology.hl7.org/CodeSystem/observation-category";
  private static final String INTERPRETATION =
      "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
  private static final String PARTICIPANT =
      "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
  private static final String ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason";

  private static final Set<String> RADIOLOGY =
      Set.of("CR", "CT", "DX", "MG", "MR", "NM", "PT", "RF", "RG", "US", "XA");

  /** LOINC for a report of a modality; the others have no narrower one here. */
  private static final Map<String, String> REPORTS =
      Map.of("CT", "25045-6", "MR", "25056-3", "PT", "44136-0");

  /** Sections that LOINC knows. */
  private static final Map<String, String> SECTIONS =
      Map.of("findings", "59776-5", "impression", "19005-8");

  private FhirTerms() {}

  static CodeableConcept reportCode(String modality) {
    String code = REPORTS.get(modality);
    return code == null
        ? new CodeableConcept(new Coding(LOINC, "18748-4", "Diagnostic imaging study"))
        : new CodeableConcept(new Coding().setSystem(LOINC).setCode(code))
            .setText(modality + " report");
  }

  static CodeableConcept reportCategory(String modality) {
    return RADIOLOGY.contains(modality)
        ? new CodeableConcept(new Coding(CATEGORY, "RAD", "Radiology"))
        : new CodeableConcept(new Coding(CATEGORY, "IMG", "Diagnostic Imaging"));
  }

  static CodeableConcept imaging() {
    return new CodeableConcept(new Coding(OBSERVATION_CATEGORY, "imaging", "Imaging"));
  }

  static CodeableConcept section(String id, String title) {
    String loinc = SECTIONS.get(id);
    Coding coding =
        loinc == null
            ? new Coding(OWN, "section", "Section of a report")
            : new Coding().setSystem(LOINC).setCode(loinc);
    return new CodeableConcept(coding).setText(text(title));
  }

  /** Whether something is there; LOINC's answers. */
  static CodeableConcept presence(boolean present) {
    return new CodeableConcept(
        present
            ? new Coding(LOINC, "LA9633-4", "Present")
            : new Coding(LOINC, "LA9634-2", "Absent"));
  }

  /** Codes of one thing; empty for none. */
  static Optional<CodeableConcept> coded(List<CodedConcept> codes) {
    CodeableConcept concept = new CodeableConcept();
    codes.forEach(
        code -> concept.addCoding(new Coding(code.system().uri(), code.code(), code.display())));
    return codes.isEmpty()
        ? Optional.empty()
        : Optional.of(concept.setText(codes.getFirst().display()));
  }

  /** What made something, by the participants of provenance. */
  static CodeableConcept performer() {
    return new CodeableConcept(new Coding(PARTICIPANT, "performer", "Performer"));
  }

  static CodeableConcept own(String code, String display) {
    return new CodeableConcept(new Coding(OWN, code, display));
  }

  static List<CodeableConcept> indeterminate() {
    return List.of(new CodeableConcept(new Coding(INTERPRETATION, "IND", "Indeterminate")));
  }

  static CodeableConcept absent() {
    return new CodeableConcept(new Coding(ABSENT, "unknown", "Unknown"));
  }

  static CodeableConcept verdict(Enum<?> verdict) {
    String name = verdict.name().toLowerCase(Locale.ROOT);
    return own(name, name);
  }

  static Quantity share(double value) {
    return new Quantity().setValue(value).setUnit("1").setSystem(UCUM).setCode("1");
  }

  static Quantity length(double value, String unit) {
    boolean millimetres = unit.equals("mm");
    return new Quantity()
        .setValue(value)
        .setUnit(millimetres ? "mm" : "pixels")
        .setSystem(UCUM)
        .setCode(millimetres ? "mm" : "1");
  }

  /** The text for a field in Markdown, in which nothing of it makes a link, a picture or a tag. */
  static String markdown(String text) {
    return text(text)
        .replaceAll("[\\\\`*_\\[\\]!#~|]", "\\\\$0")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;");
  }

  /** Text that FHIR allows: not empty, no control characters. */
  static String text(String text) {
    String line = PlainText.line(text);
    return line.isEmpty() ? "(empty)" : line;
  }
}
