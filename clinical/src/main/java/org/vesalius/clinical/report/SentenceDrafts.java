package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.vesalius.clinical.report.Sentence.Verdict;
import org.vesalius.clinical.trace.SourceQuote;

/** Looks for what carries the sentences of an answer, one after the other. */
final class SentenceDrafts {
  private final ReportSetup setup;
  private final QuoteFinder documents;
  private final StatementReader reader;
  private final SecondLook look;
  private final Locator locator;
  private final Measurements measurements;
  private final SelfAgreement samples = new SelfAgreement();

  /**
   * For one answer.
   *
   * @param documents that sentences may rest on
   * @param look asks about the current pictures
   * @param locator finds places in them
   * @param measurements of these places
   * @param others further answers to the same
   */
  SentenceDrafts(
      ReportSetup setup,
      QuoteFinder documents,
      SecondLook look,
      Locator locator,
      Measurements measurements,
      List<String> others) {
    this.setup = setup;
    this.documents = documents;
    this.reader = new StatementReader(setup.template());
    this.look = look;
    this.locator = locator;
    this.measurements = measurements;
    others.forEach(
        answer -> samples.add(statements(WrittenText.of(setup.template(), answer).sentences())));
  }

  /** What sentences say of the template's findings. */
  List<Statement> statements(List<String> sentences) {
    return sentences.stream().flatMap(sentence -> reader.read(sentence).stream()).toList();
  }

  /** The sentences of a text, each with what carries it. */
  List<SentenceDraft> of(WrittenText text, TokenConfidence confidence) {
    List<SentenceDraft> drafts = new ArrayList<>();
    for (WrittenText.Part part : text.sections()) {
      for (String sentence : part.sentences()) {
        drafts.add(draft(part.heading(), sentence, confidence.of(sentence)));
      }
    }
    return drafts;
  }

  private SentenceDraft draft(
      ReportTemplate.Heading heading, String sentence, OptionalDouble confidence) {
    List<Statement> statements = reader.read(sentence);
    OptionalDouble agreement = samples.of(statements);
    boolean wavering =
        agreement.orElse(1) < options().agreement()
            || confidence.orElse(1) < options().confidence();
    List<Sentence.KeyPoint> points = new ArrayList<>();
    if (statements.isEmpty()) {
      points.add(point("", sentence, true, look.ask(sentence), wavering));
    }
    List<Locator.Located> places = new ArrayList<>();
    List<SourceQuote> quotes = new ArrayList<>();
    for (Statement statement : statements) {
      points.add(
          point(
              statement.finding().id(),
              statement.words(),
              statement.present(),
              look.ask(statement),
              wavering));
      if (statement.present()) {
        places.addAll(locator.locate(statement.finding()));
        quotes.addAll(quotes(statement.finding()));
      }
    }
    List<Integer> measured = new ArrayList<>();
    places.forEach(located -> measured.addAll(measurements.of(located.place())));
    return new SentenceDraft(
        heading.id(),
        sentence,
        statements,
        points,
        places,
        quotes,
        measured,
        measured.stream().map(measurements.all()::get).toList(),
        confidence,
        agreement);
  }

  /** Passages that say of a finding that it is there; its name alone says nothing. */
  private List<SourceQuote> quotes(Finding finding) {
    return documents.quotes(finding.name()).stream()
        .filter(quote ->
            statements(WrittenText.sentences(quote.quote())).stream()
                .anyMatch(one -> one.present() && one.finding().id().equals(finding.id())))
        .toList();
  }

  private Sentence.KeyPoint point(
      String finding,
      String statement,
      boolean present,
      SecondLook.Answered answered,
      boolean wavering) {
    Verdict verdict =
        answered.probability().isEmpty()
            ? Verdict.UNCHECKED
            : options().verdict(answered.probability().getAsDouble());
    return new Sentence.KeyPoint(
        finding,
        statement,
        present,
        answered.question(),
        answered.probability(),
        wavering && verdict == Verdict.SUPPORTED ? Verdict.UNCERTAIN : verdict,
        answered.step());
  }

  private ReportOptions options() {
    return setup.options();
  }
}
