package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TraceEntry.Claim;

/**
 * A sentence with what was found about it, before the rules have seen all sentences.
 *
 * @param section id of the section that it stands in
 * @param text as it was written
 * @param statements that it makes
 * @param points with what the second look says of them
 * @param places of what it says is there
 * @param quotes that it may rest on
 * @param measured indices of measurements of its places
 * @param measurements these measurements
 * @param confidence of the words
 * @param agreement of further samples
 */
record SentenceDraft(
    String section,
    String text,
    List<Statement> statements,
    List<Sentence.KeyPoint> points,
    List<Locator.Located> places,
    List<SourceQuote> quotes,
    List<Integer> measured,
    List<Measurement> measurements,
    OptionalDouble confidence,
    OptionalDouble agreement) {

  /** As the rules see it. */
  Contradictions.Known known() {
    return new Contradictions.Known(text, statements, places, measurements, Sentence.worst(points));
  }

  /** The sentence. */
  Sentence sentence(int index, List<String> contradictions) {
    List<Evidence> evidence = new ArrayList<>();
    places.forEach(located ->
        evidence.add(new Evidence.Region(located.place(), located.step(), located.finding())));
    measured.forEach(measurement -> evidence.add(new Evidence.Measured(measurement)));
    quotes.forEach(quote -> evidence.add(new Evidence.Quoted(quote)));
    return new Sentence(index, text, points, evidence, contradictions, confidence, agreement);
  }

  /** Adds the sentence to a trace as a claim, with the steps that carry it. */
  void claim(Sentence sentence, EntityNames names, TraceRecorder trace) {
    List<Integer> steps = new ArrayList<>();
    points.stream().map(Sentence.KeyPoint::step).filter(step -> step >= 0).forEach(steps::add);
    places.forEach(located -> steps.add(located.step()));
    trace.claim(
        section,
        text,
        switch (sentence.verdict()) {
          case SUPPORTED -> Claim.Status.SUPPORTED;
          case UNSUPPORTED -> Claim.Status.UNSUPPORTED;
          case UNCERTAIN -> Claim.Status.UNCERTAIN;
          case UNCHECKED -> Claim.Status.UNCHECKED;
        },
        points.stream().flatMapToDouble(point -> point.probability().stream()).min(),
        steps.stream().distinct().toList(),
        places.stream().map(Locator.Located::place).toList(),
        quotes,
        sentence.contradictions(),
        names.in(text));
  }
}
