package org.vesalius.clinical.report.fhir;

import ca.uhn.fhir.context.FhirContext;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hl7.fhir.r4.model.Annotation;
import org.hl7.fhir.r4.model.Attachment;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.DateTimeType;
import org.hl7.fhir.r4.model.Device;
import org.hl7.fhir.r4.model.DiagnosticReport;
import org.hl7.fhir.r4.model.DomainResource;
import org.hl7.fhir.r4.model.InstantType;
import org.hl7.fhir.r4.model.Narrative;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Provenance;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.utilities.xhtml.NodeType;
import org.hl7.fhir.utilities.xhtml.XhtmlNode;
import org.vesalius.clinical.imaging.dicom.Tag;
import org.vesalius.clinical.report.CodedConcept;
import org.vesalius.clinical.report.Evidence;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportImage;
import org.vesalius.clinical.report.ReportText;
import org.vesalius.clinical.report.ReportUid;
import org.vesalius.clinical.report.Sentence;
import org.vesalius.clinical.trace.TracePlace;

/**
 * Reports as HL7 FHIR R4: a {@code Bundle} of a preliminary {@code DiagnosticReport}, an {@code
 * Observation} for each sentence, omission and measurement, the {@code Device} that wrote it, and a
 * {@code Provenance} that says that it did. Of the patient it says what its options say.
 */
public final class FhirReport {
  private static final DateTimeFormatter INSTANT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Other text in its place would make no URI. */
  private static final Pattern UID = Pattern.compile("[0-9.]{1,64}");

  private final Report report;
  private final FhirOptions options;
  private final ReportUid uids;
  private final Bundle bundle = new Bundle();

  private FhirReport(Report report, FhirOptions options) {
    this.report = report;
    this.options = options;
    this.uids = new ReportUid(report);
  }

  /** The bundle as JSON, the same for equal reports and options. */
  public static String json(Report report, FhirOptions options) {
    return FhirContext.forR4Cached()
            .newJsonParser()
            .setPrettyPrint(true)
            .encodeResourceToString(bundle(report, options))
        + "\n";
  }

  /** The bundle. */
  static Bundle bundle(Report report, FhirOptions options) {
    return new FhirReport(report, options).write();
  }

  private Bundle write() {
    bundle.setType(Bundle.BundleType.COLLECTION);
    bundle.setTimestampElement(created());
    bundle.setId(uids.uuid("bundle").toString());
    DiagnosticReport head = head();
    add("report", head);
    add("device", device());
    FhirObservations observations = new FhirObservations(this);
    List<Reference> measured = new ArrayList<>();
    for (int i = 0; i < report.measurements().size(); i++) {
      Observation observation = observations.measurement(report.measurements().get(i));
      measured.add(result(head, "measurement " + i, observation));
    }
    for (Report.Section section : report.sections()) {
      for (Sentence sentence : section.sentences()) {
        result(
            head,
            "sentence " + sentence.index() + " of " + section.id(),
            observations.sentence(section, sentence, measured));
      }
    }
    for (int i = 0; i < report.omissions().size(); i++) {
      result(head, "omission " + i, observations.omission(report.omissions().get(i)));
    }
    add("provenance", provenance());
    return bundle;
  }

  private Reference result(DiagnosticReport head, String purpose, Observation observation) {
    Reference reference = new Reference(add(purpose, observation));
    head.addResult(reference);
    return reference;
  }

  /** Adds a resource and returns its URL. */
  private String add(String purpose, DomainResource resource) {
    String id = uids.uuid(purpose).toString();
    resource.setId(id);
    String url = "urn:uuid:" + id;
    bundle.addEntry().setFullUrl(url).setResource(resource);
    return url;
  }

  private InstantType created() {
    return new InstantType(INSTANT.format(report.createdAt().truncatedTo(ChronoUnit.MILLIS)));
  }

  private DiagnosticReport head() {
    String modality = modality();
    DiagnosticReport head = new DiagnosticReport();
    head.setStatus(DiagnosticReport.DiagnosticReportStatus.PRELIMINARY);
    head.addCategory(FhirTerms.reportCategory(modality));
    head.setCode(FhirTerms.reportCode(modality));
    head.setSubject(subject());
    head.setIssuedElement(created());
    head.setEffective(effective());
    head.setConclusion(conclusion());
    head.setText(narrative(Report.NOTICE));
    Attachment text =
        new Attachment()
            .setContentType("text/plain; charset=utf-8")
            .setTitle("Report with marks and evidence. " + Report.NOTICE)
            .setData(ReportText.of(report).getBytes(StandardCharsets.UTF_8));
    if (!report.language().getLanguage().isEmpty()) {
      text.setLanguage(report.language().getLanguage());
    }
    head.addPresentedForm(text);
    report.images().stream()
        .filter(image -> !image.prior())
        .flatMap(image -> study(image).stream())
        .distinct()
        .forEach(uid -> head.addImagingStudy(study(uid)));
    return head;
  }

  /** What made all of it: no performer of an observation may be a device in R4. */
  private Provenance provenance() {
    Provenance provenance = new Provenance();
    bundle.getEntry().stream()
        .filter(entry -> !(entry.getResource() instanceof Device))
        .forEach(entry -> provenance.addTarget(new Reference(entry.getFullUrl())));
    provenance.setRecordedElement(created());
    provenance.addAgent().setType(FhirTerms.performer()).setWho(deviceReference());
    provenance.setText(narrative("Made by " + report.model() + ". " + Report.NOTICE));
    return provenance;
  }

  private Reference deviceReference() {
    return new Reference("urn:uuid:" + uids.uuid("device"));
  }

  /** When the images were made, where that may be said; else when the report was. */
  private DateTimeType effective() {
    return imageTime()
        .map(DateTimeType::new)
        .orElseGet(() -> new DateTimeType(created().getValueAsString()));
  }

  private Optional<String> imageTime() {
    return options.imageIdentifiers()
        ? report.images().stream()
            .filter(image -> !image.prior())
            .flatMap(image -> image.dicom().stream())
            .flatMap(file -> ImageTime.of(file.dataSet()).stream())
            .findFirst()
        : Optional.empty();
  }

  /** Codes of a finding, as far as the options let them in. */
  Optional<CodeableConcept> finding(String id) {
    return FhirTerms.coded(allowed(report.codes(id).finding()));
  }

  /** Codes of the site of a finding, as far as the options let them in. */
  Optional<CodeableConcept> site(String id) {
    return FhirTerms.coded(allowed(report.codes(id).site()));
  }

  private List<CodedConcept> allowed(List<CodedConcept> codes) {
    return codes.stream()
        .filter(code -> options.snomedCt() || code.system() != CodedConcept.Scheme.SCT)
        .toList();
  }

  /** The findings that were looked for at a place. */
  List<String> findingAt(TracePlace place) {
    return report
        .regions()
        .filter(region -> region.place().equals(place) && !region.finding().isEmpty())
        .map(Evidence.Region::finding)
        .distinct()
        .toList();
  }

  /** Of the first current image, which says what was examined and nothing of whom. */
  private String modality() {
    return report.images().stream()
        .filter(image -> !image.prior())
        .flatMap(image -> image.dicom().stream())
        .flatMap(file -> file.dataSet().text(Tag.MODALITY).stream())
        .findFirst()
        .orElse("");
  }

  private String conclusion() {
    String abstained =
        report.abstained().map(reason -> "ABSTAINED: " + FhirTerms.text(reason) + " ").orElse("");
    String impression =
        report.sections().stream()
            .filter(section -> section.id().equals("impression"))
            .flatMap(section -> section.sentences().stream())
            .map(sentence -> FhirTerms.text(sentence.text()) + " " + ReportText.marks(sentence))
            .collect(Collectors.joining(" "));
    return FhirTerms.text(Report.NOTICE + " " + abstained + impression);
  }

  private Device device() {
    Device device = new Device();
    device
        .addDeviceName()
        .setName(FhirTerms.text(report.model()))
        .setType(Device.DeviceNameType.MODELNAME);
    device.setManufacturer("Vesalius");
    device.setType(new CodeableConcept().setText("Vision-language model, for research"));
    device.addNote(new Annotation().setText(Report.NOTICE));
    device.setText(narrative("Vision-language model: " + report.model()));
    return device;
  }

  /** An observation with what all of them have. */
  Observation observation(CodeableConcept code, String line) {
    Observation observation = new Observation();
    observation.setStatus(Observation.ObservationStatus.PRELIMINARY);
    observation.addCategory(FhirTerms.imaging());
    observation.setCode(code);
    observation.setSubject(subject());
    observation.setIssuedElement(created());
    observation.setEffective(effective());
    if (imageTime().isEmpty()) {
      observation.addNote().setText("The effective time is that of the report, not of the images.");
    }
    observation.setDevice(deviceReference());
    observation.setText(narrative(line));
    return observation;
  }

  /** Adds what an observation was made from, where that may be said. */
  void derivedFrom(Observation observation, int index) {
    report
        .image(index)
        .ifPresent(image -> {
          study(image).ifPresent(uid -> observation.addDerivedFrom(study(uid)));
          identifier(image, Tag.SOP_INSTANCE_UID)
              .ifPresent(uid -> observation.addDerivedFrom(reference("Media", uid)));
        });
  }

  private Optional<String> study(ReportImage image) {
    return identifier(image, Tag.STUDY_INSTANCE_UID);
  }

  private Optional<String> identifier(ReportImage image, Tag tag) {
    return options.imageIdentifiers()
        ? image
            .dicom()
            .flatMap(file -> file.dataSet().text(tag))
            .filter(uid -> UID.matcher(uid).matches())
        : Optional.empty();
  }

  private static Reference study(String uid) {
    return reference("ImagingStudy", uid);
  }

  private static Reference reference(String type, String uid) {
    Reference reference = new Reference().setType(type);
    reference.getIdentifier().setSystem("urn:dicom:uid").setValue("urn:oid:" + uid);
    return reference;
  }

  private Reference subject() {
    return options
        .subject()
        .map(Reference::new)
        .orElseGet(() -> new Reference().setDisplay("not identified"));
  }

  private static Narrative narrative(String line) {
    XhtmlNode div = new XhtmlNode(NodeType.Element, "div");
    div.addTag("p").addText(FhirTerms.text(line));
    Narrative narrative = new Narrative().setStatus(Narrative.NarrativeStatus.GENERATED);
    narrative.setDiv(div);
    return narrative;
  }
}
