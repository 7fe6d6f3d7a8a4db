package org.vesalius.clinical.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.vesalius.clinical.report.Sentence.KeyPoint;
import org.vesalius.clinical.report.Sentence.Verdict;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TracePlace;

/**
 * Reports as text for people, 100 columns wide. A sentence is indented by two columns, what is said
 * about it by four, so that no sentence can look like a mark.
 */
public final class ReportText {
  private static final int COLUMNS = 100;
  private static final String AT_SENTENCE = "  ";
  private static final String AT_MARK = "    ";
  private static final int SHOWN_QUOTE = 300;

  private final List<String> lines = new ArrayList<>();
  private final Report report;

  private ReportText(Report report) {
    this.report = report;
  }

  /** The text, with a line feed after each line. */
  public static String of(Report report) {
    ReportText text = new ReportText(report);
    text.write();
    return String.join("\n", text.lines) + "\n";
  }

  private void write() {
    add("", Report.NOTICE);
    lines.add("");
    head();
    report.sections().forEach(this::section);
    list("Seen by the second look, named by no sentence", report.omissions(), this::omission);
    list("Measurements", report.measurements(), ReportText::measurement);
    lines.add("");
    add("", Report.NOTICE);
  }

  /** Adds a paragraph. Further lines of a mark stand where no mark begins. */
  private void add(String indent, String text) {
    String further = indent.equals(AT_MARK) ? AT_MARK + AT_SENTENCE : indent;
    String next = indent;
    for (String line : PlainText.wrapped(text, COLUMNS - further.length())) {
      lines.add(next + line);
      next = further;
    }
  }

  private void head() {
    add(
        "",
        "Report \"%s\" of run %s, %s"
            .formatted(report.template(), report.id(), report.createdAt()));
    add("", "Model: " + report.model());
    report.images().forEach(image -> add("", imageLine(image)));
    if (!report.traceHash().isEmpty()) {
      add("", "Trace: " + report.traceHash());
    }
    report
        .abstained()
        .ifPresent(reason -> {
          lines.add("");
          add("", "ABSTAINED, do not rely on what follows: " + reason);
        });
  }

  private static String imageLine(ReportImage image) {
    String frame = image.frame().isPresent() ? ", frame " + image.frame().getAsInt() : "";
    return "Image %d: %s%s%s"
        .formatted(image.index(), image.origin(), frame, image.prior() ? ", earlier" : "");
  }

  private void section(Report.Section section) {
    lines.add("");
    add("", section.title().toUpperCase(report.language()));
    if (section.sentences().isEmpty()) {
      add(AT_SENTENCE, "(nothing written)");
    }
    section.sentences().forEach(this::sentence);
  }

  private void sentence(Sentence sentence) {
    add(AT_SENTENCE, sentence.text().isBlank() ? "(empty)" : sentence.text());
    add(AT_MARK, marks(sentence));
    sentence.evidence().forEach(evidence -> add(AT_MARK, evidence(evidence)));
  }

  /** What became of a sentence, in brackets. */
  public static String marks(Sentence sentence) {
    String mark = "[" + verdict(sentence) + "]";
    return sentence.isGrounded() ? mark : mark + " [not groundable]";
  }

  private static String verdict(Sentence sentence) {
    OptionalDouble probability = probability(sentence);
    String looked = probability.isPresent() ? " " + decimal(probability.getAsDouble(), 2) : "";
    String agreed =
        share("agreement", sentence.agreement()) + share("confidence", sentence.confidence());
    return switch (sentence.verdict()) {
      case SUPPORTED -> "supported" + looked + agreed;
      case UNCERTAIN -> "uncertain" + looked + agreed;
      case UNCHECKED -> "not checked" + agreed;
      case UNSUPPORTED -> "UNSUPPORTED: " + reason(sentence, looked) + agreed;
    };
  }

  private static String share(String name, OptionalDouble value) {
    return value.isPresent() ? ", " + name + " " + decimal(value.getAsDouble(), 2) : "";
  }

  private static String reason(Sentence sentence, String looked) {
    return sentence.contradictions().isEmpty()
        ? "the second look gives it" + (looked.isEmpty() ? " no support" : looked)
        : String.join("; ", sentence.contradictions());
  }

  /** The probability of the point that its verdict comes from: the least of the worst points. */
  public static OptionalDouble probability(Sentence sentence) {
    Verdict worst =
        sentence.points().stream()
            .map(KeyPoint::verdict)
            .min(Verdict::compareTo)
            .orElse(Verdict.UNCHECKED);
    return sentence.points().stream()
        .filter(point -> point.verdict() == worst && point.probability().isPresent())
        .mapToDouble(point -> point.probability().getAsDouble())
        .min();
  }

  private String evidence(Evidence evidence) {
    return switch (evidence) {
      case Evidence.Region region -> "seen: " + place(region.place());
      case Evidence.Measured measured ->
          "measured: " + measurement(report.measurements().get(measured.measurement()));
      case Evidence.Quoted(SourceQuote quote) ->
          "quoted: %s (%s, %d-%d): \"%s\""
              .formatted(
                  quote.title(),
                  quote.source(),
                  quote.start(),
                  quote.end(),
                  PlainText.shortened(quote.quote(), SHOWN_QUOTE));
    };
  }

  private static String place(TracePlace place) {
    List<Double> at = place.pixels();
    String where =
        place.kind() == TracePlace.Kind.BOX
            ? "x %s to %s, y %s to %s px"
                .formatted(
                    decimal(at.get(0), 1),
                    decimal(at.get(2), 1),
                    decimal(at.get(1), 1),
                    decimal(at.get(3), 1))
            : IntStream.range(0, at.size() / 2)
                    .mapToObj(i ->
                        "(%s, %s)"
                            .formatted(decimal(at.get(2 * i), 1), decimal(at.get(2 * i + 1), 1)))
                    .collect(Collectors.joining(" "))
                + " px";
    String label = place.label().isBlank() ? "" : ", \"" + place.label() + "\"";
    return "image %d, %s%s".formatted(place.image(), where, label);
  }

  private static String measurement(Measurement measurement) {
    String qualifier = measurement.qualifier().isBlank() ? "" : ", " + measurement.qualifier();
    return "%s, %s %s %s%s (%s)"
        .formatted(
            measurement.label(),
            measurement.name(),
            decimal(measurement.value(), 1),
            measurement.unit(),
            qualifier,
            place(measurement.place()));
  }

  private String omission(Report.Omission omission) {
    return "%s: %s %s"
        .formatted(omission.finding(), omission.answer(), decimal(omission.probability(), 2));
  }

  private <T> void list(String title, List<T> list, Function<T, String> line) {
    if (!list.isEmpty()) {
      lines.add("");
      add("", title.toUpperCase(Locale.ROOT));
      list.forEach(each -> add(AT_SENTENCE, line.apply(each)));
    }
  }

  private static String decimal(double value, int digits) {
    return BigDecimal.valueOf(value).setScale(digits, RoundingMode.HALF_UP).toPlainString();
  }
}
