package org.vesalius.clinical.report.fhir;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.hl7.fhir.r4.model.CodeableConcept;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.StringType;
import org.vesalius.clinical.report.Evidence;
import org.vesalius.clinical.report.Measurement;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportText;
import org.vesalius.clinical.report.Sentence;
import org.vesalius.clinical.report.Sentence.KeyPoint;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TracePlace;

/** Sentences, omissions and measurements as observations. */
final class FhirObservations {
  /** Of coordinates as shares: a hundredth of a pixel of a picture with 100,000 columns. */
  private static final int DIGITS = 7;

  private final FhirReport bundle;

  FhirObservations(FhirReport bundle) {
    this.bundle = bundle;
  }

  Observation sentence(Report.Section section, Sentence sentence, List<Reference> measured) {
    CodeableConcept heading = FhirTerms.section(section.id(), section.title());
    List<String> findings = findings(sentence);
    Observation observation =
        bundle.observation(
            findings.size() == 1
                ? bundle.finding(findings.getFirst()).orElse(heading)
                : heading.copy(),
            sentence.text() + " " + ReportText.marks(sentence));
    observation.addCategory(heading);
    site(observation, findings);
    if (sentence.text().isBlank()) {
      observation.setDataAbsentReason(FhirTerms.absent());
    } else {
      observation.setValue(new StringType(FhirTerms.text(sentence.text())));
    }
    if (sentence.verdict() == Sentence.Verdict.UNCERTAIN) {
      observation.setInterpretation(FhirTerms.indeterminate());
    }
    observation
        .addComponent()
        .setCode(FhirTerms.own("verdict", "Verdict of the second look"))
        .setValue(FhirTerms.verdict(sentence.verdict()));
    presence(observation, sentence, findings);
    ReportText.probability(sentence)
        .ifPresent(
            value -> share(observation, "probability", "Probability by the second look", value));
    sentence
        .agreement()
        .ifPresent(value -> share(observation, "agreement", "Agreement of further samples", value));
    sentence.contradictions().forEach(text -> note(observation, "Contradicted: " + text));
    if (!sentence.isGrounded()) {
      note(observation, "Not groundable: nothing to look at shows it.");
    }
    evidence(observation, sentence, measured);
    return observation;
  }

  /** The template's findings that a sentence is about. */
  private static List<String> findings(Sentence sentence) {
    return sentence.points().stream()
        .map(KeyPoint::finding)
        .filter(finding -> !finding.isEmpty())
        .distinct()
        .toList();
  }

  /** Where in the body, if all findings are at the same site. */
  private void site(Observation observation, List<String> findings) {
    List<CodeableConcept> sites =
        findings.stream().flatMap(finding -> bundle.site(finding).stream()).toList();
    if (!sites.isEmpty()
        && sites.size() == findings.size()
        && sites.stream().allMatch(site -> site.equalsDeep(sites.getFirst()))) {
      observation.setBodySite(sites.getFirst());
    }
  }

  /**
   * What the sentence says of coded findings: of one, whose code the observation has, under a code
   * of ours, since a component must not repeat that (obs-7); of several under their own codes. A
   * sentence that compares says both of the same finding, and then this says nothing; nor does it
   * of a sentence that is not supported, which no program should take for a finding.
   */
  private void presence(Observation observation, Sentence sentence, List<String> findings) {
    if (sentence.verdict() != Sentence.Verdict.SUPPORTED) {
      return;
    }
    for (String finding : findings) {
      List<Boolean> said =
          sentence.points().stream()
              .filter(point -> point.finding().equals(finding))
              .map(KeyPoint::present)
              .distinct()
              .toList();
      if (said.size() == 1) {
        bundle
            .finding(finding)
            .ifPresent(code ->
                observation
                    .addComponent()
                    .setCode(
                        findings.size() > 1
                            ? code
                            : FhirTerms.own("presence", "Whether the sentence says it is there"))
                    .setValue(FhirTerms.presence(said.getFirst())));
      }
    }
  }

  private void evidence(Observation observation, Sentence sentence, List<Reference> measured) {
    Set<Integer> images = new LinkedHashSet<>();
    for (Evidence evidence : sentence.evidence()) {
      switch (evidence) {
        case Evidence.Region region -> {
          images.add(region.place().image());
          region(observation, region.place());
        }
        case Evidence.Measured(int index) -> observation.addDerivedFrom(measured.get(index).copy());
        case Evidence.Quoted(SourceQuote quote) ->
            note(
                observation,
                "Quoted from %s (%s, characters %d to %d, SHA-256 %s): \"%s\""
                    .formatted(
                        quote.title(),
                        quote.source(),
                        quote.start(),
                        quote.end(),
                        quote.sha256(),
                        quote.quote()));
      }
    }
    images.forEach(image -> bundle.derivedFrom(observation, image));
  }

  Observation measurement(Measurement measurement) {
    String line = measurement.label() + ", " + measurement.name();
    Observation observation =
        bundle.observation(
            FhirTerms.own("measurement", "Measured length").setText(FhirTerms.text(line)), line);
    observation.setValue(FhirTerms.length(measurement.value(), measurement.unit()));
    if (!measurement.qualifier().isBlank()) {
      note(observation, "Measured: " + measurement.qualifier());
    }
    site(observation, bundle.findingAt(measurement.place()));
    region(observation, measurement.place());
    bundle.derivedFrom(observation, measurement.place().image());
    return observation;
  }

  Observation omission(Report.Omission omission) {
    String line = omission.finding() + ": " + omission.answer();
    Observation observation =
        bundle.observation(
            FhirTerms.own("omission", "Seen by the second look, named by no sentence"), line);
    observation.setValue(new StringType(FhirTerms.text(line)));
    share(observation, "probability", "Probability by the second look", omission.probability());
    return observation;
  }

  private static void share(Observation observation, String code, String display, double value) {
    observation
        .addComponent()
        .setCode(FhirTerms.own(code, display))
        .setValue(FhirTerms.share(value));
  }

  private static void note(Observation observation, String text) {
    observation.addNote().setText(FhirTerms.markdown(text));
  }

  /** Both coordinate systems: pixels of the stored frame, and shares of the picture. */
  private static void region(Observation observation, TracePlace place) {
    String label = place.label().isBlank() ? "" : "; label " + place.label();
    String text =
        "image %d; %s; pixels %s; relative %s%s"
            .formatted(
                place.image(),
                place.kind().name().toLowerCase(Locale.ROOT),
                numbers(place.pixels()),
                numbers(place.relative()),
                label);
    observation
        .addComponent()
        .setCode(FhirTerms.own("region", "Region of an image"))
        .setValue(new StringType(FhirTerms.text(text)));
  }

  private static String numbers(List<Double> values) {
    return values.stream()
        .map(value ->
            BigDecimal.valueOf(value)
                .setScale(DIGITS, RoundingMode.HALF_EVEN)
                .stripTrailingZeros()
                .toPlainString())
        .collect(Collectors.joining(" "));
  }
}
