package org.vesalius.clinical.report;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.vesalius.clinical.trace.TraceHtml;

/**
 * A report whose sentences carry their evidence. Nothing in it is a diagnosis: it is what a model
 * wrote, and what a second look of the same model and some rules made of it.
 *
 * @param id of the run that made it
 * @param createdAt when it was made
 * @param template name of the template that it follows
 * @param language of its sentences
 * @param sections in order
 * @param omissions findings that the second look sees and no sentence names
 * @param images pictures that it is about, by the indices that places use
 * @param measurements of places, in the order in which they were made
 * @param codes of findings that its sentences are about, by id; without those that have none
 * @param abstained why there is no report to rely on; empty where there is one
 * @param model what wrote it, for people
 * @param traceHash the last hash of the trace that shows how it came about; empty where none is
 *     kept
 */
public record Report(
    String id,
    Instant createdAt,
    String template,
    Locale language,
    List<Section> sections,
    List<Omission> omissions,
    List<ReportImage> images,
    List<Measurement> measurements,
    Map<String, FindingCodes> codes,
    Optional<String> abstained,
    String model,
    String traceHash) {
  /** What every report begins and ends with. */
  public static final String NOTICE = TraceHtml.NOTICE;

  /** Copies the lists and checks what refers to measurements. */
  public Report {
    sections = List.copyOf(sections);
    omissions = List.copyOf(omissions);
    images = List.copyOf(images);
    measurements = List.copyOf(measurements);
    codes = Collections.unmodifiableMap(new TreeMap<>(codes));
    int measured = measurements.size();
    sections.stream()
        .flatMap(section -> section.sentences().stream())
        .forEach(sentence -> checkMeasured(sentence, measured));
  }

  private static void checkMeasured(Sentence sentence, int measurements) {
    for (Evidence evidence : sentence.evidence()) {
      if (evidence instanceof Evidence.Measured(int index)
          && (index < 0 || index >= measurements)) {
        throw new IllegalArgumentException(
            "sentence %d: expected evidence of one of %d measurements, found number %d"
                .formatted(sentence.index(), measurements, index));
      }
    }
  }

  /** Codes of a finding of the template; none for one that has none. */
  public FindingCodes codes(String finding) {
    return codes.getOrDefault(finding, FindingCodes.NONE);
  }

  /** All sentences in order. */
  public Stream<Sentence> sentences() {
    return sections.stream().flatMap(section -> section.sentences().stream());
  }

  /** All places that carry sentences, in order. */
  public Stream<Evidence.Region> regions() {
    return sentences()
        .flatMap(sentence -> sentence.evidence().stream())
        .filter(Evidence.Region.class::isInstance)
        .map(Evidence.Region.class::cast);
  }

  /** The picture of an index that places use; empty where the report has none of it. */
  public Optional<ReportImage> image(int index) {
    return images.stream().filter(image -> image.index() == index).findFirst();
  }

  /**
   * A section.
   *
   * @param id of the template, such as {@code findings}
   * @param title for people
   * @param sentences in order
   */
  public record Section(String id, String title, List<Sentence> sentences) {
    /** Copies the list. */
    public Section {
      sentences = List.copyOf(sentences);
    }
  }

  /**
   * A finding that no sentence names.
   *
   * @param finding its name
   * @param answer the likeliest of the model's answers by which it is there
   * @param probability that it is there, by all of these answers
   */
  public record Omission(String finding, String answer, double probability) {}
}
