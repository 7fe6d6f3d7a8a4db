package org.vesalius.clinical.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.vesalius.clinical.report.Sentence.KeyPoint;
import org.vesalius.clinical.report.Sentence.Verdict;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.clinical.trace.TracePlace.PatientPlace;

/** Reports as trees of JSON, and back from trees that follow the schema. */
final class ReportNodes {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String FORMAT = "vesalius-report-1";

  private ReportNodes() {}

  static ObjectNode of(Report report) {
    ObjectNode node = NODES.objectNode();
    node.put("format", FORMAT);
    node.put("notice", Report.NOTICE);
    node.put("id", report.id());
    node.put("created_at", report.createdAt().toString());
    node.put("template", report.template());
    node.put("language", report.language().toLanguageTag());
    node.put("model", report.model());
    node.put("trace_hash", report.traceHash());
    report.abstained().ifPresent(reason -> node.put("abstained", reason));
    fill(node, "sections", report.sections(), ReportNodes::section);
    fill(node, "omissions", report.omissions(), ReportNodes::omission);
    fill(node, "measurements", report.measurements(), ReportNodes::measurement);
    fill(node, "images", report.images(), ReportNodes::image);
    if (!report.codes().isEmpty()) {
      ObjectNode codes = node.putObject("codes");
      report.codes().forEach((finding, its) -> codes(codes.putObject(finding), its));
    }
    return node;
  }

  private static void codes(ObjectNode node, FindingCodes codes) {
    fill(node, "finding", codes.finding(), ReportNodes::concept);
    fill(node, "site", codes.site(), ReportNodes::concept);
  }

  private static void concept(ObjectNode node, CodedConcept concept) {
    node.put("system", concept.system().name());
    node.put("code", concept.code());
    node.put("display", concept.display());
  }

  private static <T> void fill(
      ObjectNode parent, String name, List<T> list, BiConsumer<ObjectNode, T> item) {
    ArrayNode array = parent.putArray(name);
    list.forEach(each -> item.accept(array.addObject(), each));
  }

  private static void section(ObjectNode node, Report.Section section) {
    node.put("id", section.id());
    node.put("title", section.title());
    fill(node, "sentences", section.sentences(), ReportNodes::sentence);
  }

  private static void sentence(ObjectNode node, Sentence sentence) {
    node.put("index", sentence.index());
    node.put("text", sentence.text());
    node.put("verdict", lower(sentence.verdict()));
    node.put("groundable", sentence.isGrounded());
    number(node, "confidence", sentence.confidence());
    number(node, "agreement", sentence.agreement());
    sentence.contradictions().forEach(node.putArray("contradictions")::add);
    fill(node, "points", sentence.points(), ReportNodes::point);
    fill(node, "evidence", sentence.evidence(), ReportNodes::evidence);
  }

  private static void point(ObjectNode node, KeyPoint point) {
    node.put("finding", point.finding());
    node.put("statement", point.statement());
    node.put("present", point.present());
    node.put("question", point.question());
    number(node, "probability", point.probability());
    node.put("verdict", lower(point.verdict()));
    node.put("step", point.step());
  }

  private static void evidence(ObjectNode node, Evidence evidence) {
    switch (evidence) {
      case Evidence.Region region -> {
        node.put("kind", "region");
        node.set("place", place(region.place()));
        node.put("step", region.step());
        if (!region.finding().isEmpty()) {
          node.put("finding", region.finding());
        }
      }
      case Evidence.Measured measured -> {
        node.put("kind", "measured");
        node.put("measurement", measured.measurement());
      }
      case Evidence.Quoted(SourceQuote quote) -> {
        node.put("kind", "quoted");
        node.put("source", quote.source());
        node.put("title", quote.title());
        node.put("quote", quote.quote());
        node.put("start", quote.start());
        node.put("end", quote.end());
        node.put("sha256", quote.sha256());
      }
    }
  }

  private static void omission(ObjectNode node, Report.Omission omission) {
    node.put("finding", omission.finding());
    node.put("answer", omission.answer());
    node.put("probability", share("probability", omission.probability()));
  }

  private static void measurement(ObjectNode node, Measurement measurement) {
    node.put("label", measurement.label());
    node.put("name", measurement.name());
    node.put("value", finite("value", measurement.value()));
    node.put("unit", measurement.unit());
    node.put("qualifier", measurement.qualifier());
    node.set("place", place(measurement.place()));
  }

  private static void image(ObjectNode node, ReportImage image) {
    node.put("index", image.index());
    node.put("origin", image.origin());
    image.frame().ifPresent(frame -> node.put("frame", frame));
    node.put("prior", image.prior());
  }

  private static ObjectNode place(TracePlace place) {
    ObjectNode node = NODES.objectNode();
    node.put("image", place.image());
    node.put("kind", lower(place.kind()));
    node.put("label", place.label());
    numbers(node, "pixels", place.pixels());
    numbers(node, "relative", place.relative());
    numbers(node, "millimetres", place.millimetres());
    place
        .patient()
        .ifPresent(patient -> {
          ObjectNode points = node.putObject("patient");
          points.put("space", patient.space());
          numbers(points, "points", patient.points());
        });
    node.put("written", place.written());
    return node;
  }

  private static void numbers(ObjectNode node, String name, List<Double> values) {
    ArrayNode array = node.putArray(name);
    values.forEach(value -> array.add(finite(name, value)));
  }

  private static void number(ObjectNode node, String name, OptionalDouble value) {
    value.ifPresent(present -> node.put(name, share(name, present)));
  }

  private static double share(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new ReportOutputException(
          "report: %s: expected a share from 0 to 1, found %s".formatted(name, value));
    }
    return value;
  }

  private static double finite(String name, double value) {
    if (!Double.isFinite(value)) {
      throw new ReportOutputException(
          "report: %s: expected a finite number, found %s".formatted(name, value));
    }
    return value;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  static Report report(JsonNode node) {
    return new Report(
        text(node, "id"),
        instant(text(node, "created_at")),
        text(node, "template"),
        Locale.forLanguageTag(text(node, "language")),
        list(node, "sections", ReportNodes::section),
        list(node, "omissions", ReportNodes::omission),
        list(node, "images", ReportNodes::image),
        list(node, "measurements", ReportNodes::measurement),
        codes(node.path("codes")),
        Optional.ofNullable(node.get("abstained")).map(JsonNode::textValue),
        text(node, "model"),
        text(node, "trace_hash"));
  }

  private static Map<String, FindingCodes> codes(JsonNode node) {
    Map<String, FindingCodes> codes = new LinkedHashMap<>();
    node.properties()
        .forEach(finding ->
            codes.put(
                finding.getKey(),
                new FindingCodes(
                    list(finding.getValue(), "finding", ReportNodes::concept),
                    list(finding.getValue(), "site", ReportNodes::concept))));
    return codes;
  }

  private static CodedConcept concept(JsonNode node) {
    return new CodedConcept(
        CodedConcept.Scheme.valueOf(text(node, "system")),
        text(node, "code"),
        text(node, "display"));
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("created_at: expected an instant in UTC of ISO 8601", e);
    }
  }

  private static Report.Section section(JsonNode node) {
    return new Report.Section(
        text(node, "id"), text(node, "title"), list(node, "sentences", ReportNodes::sentence));
  }

  private static Sentence sentence(JsonNode node) {
    Sentence sentence =
        new Sentence(
            node.get("index").intValue(),
            text(node, "text"),
            list(node, "points", ReportNodes::point),
            list(node, "evidence", ReportNodes::evidence),
            list(node, "contradictions", JsonNode::textValue),
            number(node, "confidence"),
            number(node, "agreement"));
    boolean same =
        lower(sentence.verdict()).equals(text(node, "verdict"))
            && sentence.isGrounded() == node.get("groundable").booleanValue();
    if (!same) {
      throw new IllegalArgumentException(
          "sentence %d: expected verdict %s and groundable %s by its points and evidence, found %s and %s"
              .formatted(
                  sentence.index(),
                  lower(sentence.verdict()),
                  sentence.isGrounded(),
                  text(node, "verdict"),
                  node.get("groundable")));
    }
    return sentence;
  }

  private static KeyPoint point(JsonNode node) {
    return new KeyPoint(
        text(node, "finding"),
        text(node, "statement"),
        node.get("present").booleanValue(),
        text(node, "question"),
        number(node, "probability"),
        Verdict.valueOf(upper(node, "verdict")),
        node.get("step").intValue());
  }

  private static Evidence evidence(JsonNode node) {
    return switch (text(node, "kind")) {
      case "region" ->
          new Evidence.Region(
              place(node.get("place")),
              node.get("step").intValue(),
              node.path("finding").asText(""));
      case "measured" -> new Evidence.Measured(node.get("measurement").intValue());
      default ->
          new Evidence.Quoted(
              new SourceQuote(
                  text(node, "source"),
                  text(node, "title"),
                  text(node, "quote"),
                  node.get("start").intValue(),
                  node.get("end").intValue(),
                  text(node, "sha256")));
    };
  }

  private static Report.Omission omission(JsonNode node) {
    return new Report.Omission(
        text(node, "finding"), text(node, "answer"), node.get("probability").doubleValue());
  }

  private static Measurement measurement(JsonNode node) {
    return new Measurement(
        text(node, "label"),
        place(node.get("place")),
        text(node, "name"),
        node.get("value").doubleValue(),
        text(node, "unit"),
        text(node, "qualifier"));
  }

  private static ReportImage image(JsonNode node) {
    JsonNode frame = node.get("frame");
    return new ReportImage(
        node.get("index").intValue(),
        text(node, "origin"),
        frame == null ? OptionalInt.empty() : OptionalInt.of(frame.intValue()),
        node.get("prior").booleanValue(),
        Optional.empty());
  }

  private static TracePlace place(JsonNode node) {
    return new TracePlace(
        node.get("image").intValue(),
        TracePlace.Kind.valueOf(upper(node, "kind")),
        text(node, "label"),
        list(node, "pixels", JsonNode::doubleValue),
        list(node, "relative", JsonNode::doubleValue),
        list(node, "millimetres", JsonNode::doubleValue),
        Optional.ofNullable(node.get("patient"))
            .map(patient ->
                new PatientPlace(
                    text(patient, "space"), list(patient, "points", JsonNode::doubleValue))),
        text(node, "written"));
  }

  private static String text(JsonNode node, String name) {
    return node.get(name).textValue();
  }

  private static String upper(JsonNode node, String name) {
    return text(node, name).toUpperCase(Locale.ROOT);
  }

  private static OptionalDouble number(JsonNode node, String name) {
    JsonNode value = node.get(name);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value.doubleValue());
  }

  private static <T> List<T> list(JsonNode node, String name, Function<JsonNode, T> item) {
    return node.get(name).valueStream().map(item).toList();
  }
}
