package org.vesalius.clinical.report.sr;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vesalius.clinical.report.Evidence;
import org.vesalius.clinical.report.Measurement;
import org.vesalius.clinical.report.PlainText;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportText;
import org.vesalius.clinical.report.ReportUid;
import org.vesalius.clinical.report.Sentence;
import org.vesalius.clinical.report.Sentence.Verdict;
import org.vesalius.clinical.report.sr.ContentItem.Relation;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TracePlace;

/** The tree of a report by TID 1500, Measurement Report, of PS3.16. */
final class ReportContent {
  private static final Set<String> SIDES = Set.of("width", "height");

  private final Report report;
  private final ReportUid uids;
  private final List<SourceImage> images;

  ReportContent(Report report, ReportUid uids, List<SourceImage> images) {
    this.report = report;
    this.uids = uids;
    this.images = images;
  }

  ContentItem root() {
    ContentItem root =
        ContentItem.container(Code.IMAGING_MEASUREMENT_REPORT)
            .ofTemplate("1500")
            .add(
                Relation.HAS_CONCEPT_MOD,
                ContentItem.code(Code.LANGUAGE, Code.language(report.language())));
    observer(root);
    root.add(
            Relation.HAS_CONCEPT_MOD,
            ContentItem.code(Code.PROCEDURE_REPORTED, Code.procedure(images.getFirst().modality())))
        .add(Relation.CONTAINS, library());
    ContentItem measurements = measurements();
    if (measurements.hasChildren()) {
      root.add(Relation.CONTAINS, measurements);
    }
    return root.add(Relation.CONTAINS, evaluations());
  }

  /** TID 1002 and 1004. */
  private void observer(ContentItem root) {
    String device = ReportUid.dicom(ReportUid.device(report.model()));
    root.add(Relation.HAS_OBS_CONTEXT, ContentItem.code(Code.OBSERVER_TYPE, Code.DEVICE))
        .add(Relation.HAS_OBS_CONTEXT, ContentItem.uid(Code.DEVICE_UID, device))
        .add(Relation.HAS_OBS_CONTEXT, ContentItem.text(Code.DEVICE_NAME, "Vesalius"))
        .add(Relation.HAS_OBS_CONTEXT, ContentItem.text(Code.DEVICE_MODEL, report.model()));
  }

  /** TID 1600: a group for each modality, since that is said of groups. */
  private ContentItem library() {
    Map<String, ContentItem> groups = new LinkedHashMap<>();
    for (SourceImage image : images) {
      groups
          .computeIfAbsent(image.modality(), ReportContent::libraryGroup)
          .add(Relation.CONTAINS, ContentItem.image(image.reference()));
    }
    ContentItem library = ContentItem.container(Code.IMAGE_LIBRARY);
    groups.values().forEach(group -> library.add(Relation.CONTAINS, group));
    return library;
  }

  private static ContentItem libraryGroup(String modality) {
    ContentItem group = ContentItem.container(Code.IMAGE_LIBRARY_GROUP);
    Code.modality(modality)
        .ifPresent(
            code -> group.add(Relation.HAS_ACQ_CONTEXT, ContentItem.code(Code.MODALITY, code)));
    return group;
  }

  /** TID 1410 for a region, TID 1501 for a length between two points: one group a place. */
  private ContentItem measurements() {
    Map<TracePlace, List<Measurement>> places = new LinkedHashMap<>();
    for (Measurement measurement : report.measurements()) {
      places.computeIfAbsent(measurement.place(), _ -> new ArrayList<>()).add(measurement);
    }
    report.sentences().forEach(sentence -> regions(sentence, places));
    ContentItem container = ContentItem.container(Code.IMAGING_MEASUREMENTS);
    places.forEach((place, measured) -> {
      if (SourceImage.find(images, place.image()).isPresent() || !measured.isEmpty()) {
        container.add(Relation.CONTAINS, group(place, measured));
      }
    });
    return container;
  }

  private static void regions(Sentence sentence, Map<TracePlace, List<Measurement>> places) {
    for (Evidence evidence : sentence.evidence()) {
      if (evidence instanceof Evidence.Region region) {
        places.computeIfAbsent(region.place(), _ -> new ArrayList<>());
      }
    }
  }

  private ContentItem group(TracePlace place, List<Measurement> measured) {
    String label = PlainText.shortened(place.label().isBlank() ? "region" : place.label(), 60);
    ContentItem group =
        ContentItem.container(Code.MEASUREMENT_GROUP)
            .ofTemplate(isRegion(measured) ? "1410" : "1501")
            .add(Relation.HAS_OBS_CONTEXT, ContentItem.text(Code.TRACKING_IDENTIFIER, label))
            .add(
                Relation.HAS_OBS_CONTEXT,
                ContentItem.uid(Code.TRACKING_UID, uids.dicom("place " + place)))
            .add(Relation.CONTAINS, ContentItem.text(Code.COMMENT, label));
    carried(group, place);
    if (isRegion(measured)) {
      addPlace(group, Relation.CONTAINS, Code.IMAGE_REGION, place, true);
    }
    for (Measurement each : measured) {
      ContentItem number = number(each);
      if (!isRegion(measured)) {
        addPlace(number, Relation.INFERRED_FROM, Code.SOURCE_OF_MEASUREMENT, place, false);
      }
      group.add(Relation.CONTAINS, number);
    }
    return group;
  }

  /**
   * What was looked for at a place and what became of the sentences that it carries: the best of
   * their verdicts, since it is there for each of them. Only what is supported is a finding.
   */
  private void carried(ContentItem group, TracePlace place) {
    List<Sentence> sentences = report.sentences().filter(one -> carries(place, one)).toList();
    sentences.stream()
        .map(Sentence::verdict)
        .max(Verdict::compareTo)
        .ifPresent(best -> {
          Code name = best == Verdict.SUPPORTED ? Code.FINDING : Code.NAMED;
          report
              .regions()
              .filter(region -> region.place().equals(place))
              .map(Evidence.Region::finding)
              .distinct()
              .forEach(finding -> {
                coded(group, Relation.CONTAINS, name, finding);
                site(group, finding);
              });
          group.add(Relation.CONTAINS, verdict(best));
        });
  }

  private static boolean carries(TracePlace place, Sentence sentence) {
    return sentence.evidence().stream()
        .anyMatch(one -> one instanceof Evidence.Region region && region.place().equals(place));
  }

  /** A finding by its code; nothing for one without. */
  private Optional<ContentItem> coded(
      ContentItem to, Relation relation, Code name, String finding) {
    Optional<ContentItem> item =
        Code.of(report.codes(finding).finding()).map(code -> ContentItem.code(name, code));
    item.ifPresent(one -> to.add(relation, one));
    return item;
  }

  private void site(ContentItem to, String finding) {
    Code.of(report.codes(finding).site())
        .ifPresent(
            code -> to.add(Relation.HAS_CONCEPT_MOD, ContentItem.code(Code.FINDING_SITE, code)));
  }

  private static ContentItem verdict(Verdict verdict) {
    String word = verdict.name().toLowerCase(Locale.ROOT);
    return ContentItem.code(Code.VERDICT, Code.own(word, word));
  }

  /** Four numbers are the corners of a box for its sides, and the ends of a line for a length. */
  private static boolean isRegion(List<Measurement> measured) {
    return measured.stream()
        .allMatch(
            each -> each.place().kind() != TracePlace.Kind.BOX || SIDES.contains(each.name()));
  }

  private static ContentItem number(Measurement measurement) {
    Code unit = measurement.unit().equals("mm") ? Code.MILLIMETRE : Code.PIXELS;
    ContentItem number =
        ContentItem.number(Code.length(measurement.name()), measurement.value(), unit);
    return measurement.qualifier().isBlank()
        ? number
        : number.add(
            Relation.HAS_PROPERTIES, ContentItem.text(Code.COMMENT, measurement.qualifier()));
  }

  /**
   * The place with its image; nothing for an image that is no DICOM, which cannot be referred to.
   */
  private void addPlace(
      ContentItem to, Relation relation, Code name, TracePlace place, boolean closed) {
    SourceImage.find(images, place.image())
        .ifPresent(image ->
            to.add(
                relation,
                coordinates(name, place, closed)
                    .add(Relation.SELECTED_FROM, ContentItem.image(image.reference()))));
  }

  private static ContentItem coordinates(Code name, TracePlace place, boolean closed) {
    List<Double> at = place.pixels();
    return switch (place.kind()) {
      case POINT -> ContentItem.coordinates(name, "POINT", at);
      case POLYGON -> {
        List<Double> points = new ArrayList<>(at);
        points.addAll(at.subList(0, 2));
        yield ContentItem.coordinates(name, "POLYLINE", points);
      }
      case BOX -> {
        double left = at.get(0);
        double top = at.get(1);
        double right = at.get(2);
        double bottom = at.get(3);
        List<Double> around =
            List.of(left, top, right, top, right, bottom, left, bottom, left, top);
        yield ContentItem.coordinates(name, "POLYLINE", closed ? around : at);
      }
    };
  }

  /** The container for what is no measurement: sentences with what became of them. */
  private ContentItem evaluations() {
    ContentItem container =
        ContentItem.container(Code.QUALITATIVE_EVALUATIONS)
            .add(Relation.CONTAINS, ContentItem.text(Code.COMMENT, Report.NOTICE));
    report
        .abstained()
        .ifPresent(reason ->
            container.add(
                Relation.CONTAINS, ContentItem.text(Code.COMMENT, "Abstained: " + reason)));
    for (Report.Section section : report.sections()) {
      Code name = section.id().equals("impression") ? Code.IMPRESSION : Code.FINDING;
      section
          .sentences()
          .forEach(sentence -> container.add(Relation.CONTAINS, sentence(name, sentence)));
    }
    for (Report.Omission omission : report.omissions()) {
      container.add(
          Relation.CONTAINS,
          ContentItem.text(Code.OMISSION, omission.finding() + ": " + omission.answer())
              .add(
                  Relation.HAS_PROPERTIES,
                  ContentItem.number(Code.PROBABILITY, omission.probability(), Code.SHARE)));
    }
    return container;
  }

  private ContentItem sentence(Code name, Sentence sentence) {
    ContentItem item =
        ContentItem.text(name, sentence.text())
            .add(Relation.HAS_PROPERTIES, verdict(sentence.verdict()));
    points(item, sentence);
    ReportText.probability(sentence).ifPresent(value -> share(item, Code.PROBABILITY, value));
    sentence.agreement().ifPresent(value -> share(item, Code.AGREEMENT, value));
    sentence
        .contradictions()
        .forEach(reason ->
            item.add(Relation.HAS_PROPERTIES, ContentItem.text(Code.CONTRADICTION, reason)));
    if (!sentence.isGrounded()) {
      item.add(
          Relation.HAS_PROPERTIES,
          ContentItem.text(Code.COMMENT, "Not groundable: nothing to look at shows it."));
    }
    sentence.evidence().forEach(evidence -> evidence(item, evidence));
    return item;
  }

  /** What it says is there and holds is a finding; everything else is only named. */
  private void points(ContentItem item, Sentence sentence) {
    Map<String, Boolean> there = new LinkedHashMap<>();
    sentence
        .points()
        .forEach(point -> there.merge(point.finding(), point.present(), Boolean::logicalAnd));
    boolean holds = sentence.verdict() == Verdict.SUPPORTED;
    there.forEach((finding, present) ->
        coded(item, Relation.HAS_PROPERTIES, present && holds ? Code.FINDING : Code.NAMED, finding)
            .ifPresent(code -> site(code, finding)));
  }

  private static void share(ContentItem item, Code name, double value) {
    item.add(Relation.HAS_PROPERTIES, ContentItem.number(name, value, Code.SHARE));
  }

  private void evidence(ContentItem item, Evidence evidence) {
    switch (evidence) {
      case Evidence.Region region ->
          addPlace(item, Relation.INFERRED_FROM, Code.IMAGE_REGION, region.place(), true);
      case Evidence.Measured measured ->
          item.add(
              Relation.INFERRED_FROM, number(report.measurements().get(measured.measurement())));
      case Evidence.Quoted(SourceQuote quote) ->
          item.add(
              Relation.HAS_PROPERTIES,
              ContentItem.text(
                  Code.QUOTE,
                  "%s (%s, %d-%d): \"%s\""
                      .formatted(
                          quote.title(),
                          quote.source(),
                          quote.start(),
                          quote.end(),
                          quote.quote())));
    }
  }
}
