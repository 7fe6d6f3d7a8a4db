package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.runtime.Part;

/**
 * Asks the model about each finding by itself, without letting it write: how it shares its
 * probability among the answers that the template gives. A statement is as probable as the answers
 * together that say the same. Each finding is asked once.
 */
final class SecondLook {
  private final ReportTemplate template;
  private final Judge judge;
  private final List<Part> pictures;
  private final List<Integer> images;
  private final String about;
  private final TraceRecorder trace;
  private final Map<List<Object>, Looked> known = new HashMap<>();

  /**
   * The answers to one question.
   *
   * @param question that was asked
   * @param shares of the answers
   * @param step of the trace
   */
  record Looked(String question, List<Double> shares, int step) {}

  /**
   * What was seen of a statement.
   *
   * @param question that was asked; empty where there was none
   * @param probability that it holds
   * @param step of the trace; -1 for none
   */
  record Answered(String question, OptionalDouble probability, int step) {
    static final Answered NOT = new Answered("", OptionalDouble.empty(), -1);
  }

  /**
   * The likeliest that is said of a finding.
   *
   * @param answer text of it
   * @param present probability that it is there
   * @param likeliest the likeliest answer that says that it is there
   * @param step of the trace
   */
  record Seen(String answer, double present, Finding.Present likeliest, int step) {}

  /**
   * Has asked nothing yet.
   *
   * @param pictures that the questions are about
   * @param firstImage index of the first of them in the trace
   * @param about which these are, for people
   */
  SecondLook(
      ReportTemplate template,
      Judge judge,
      List<? extends Part> pictures,
      int firstImage,
      String about,
      TraceRecorder trace) {
    this.about = about;
    this.images = IntStream.range(firstImage, firstImage + pictures.size()).boxed().toList();
    this.template = template;
    this.judge = judge;
    this.pictures = List.copyOf(pictures);
    this.trace = trace;
  }

  /** How probable a statement is. */
  Answered ask(Statement statement) {
    Finding finding = statement.finding();
    Looked looked = look(finding);
    double probability = statement.present() ? 0 : looked.shares().getFirst();
    for (int i = 0; i < finding.present().size(); i++) {
      // What is there elsewhere does not speak against its absence here.
      if (statement.present() == statement.fits(finding.present().get(i))) {
        probability += looked.shares().get(1 + i);
      }
    }
    return new Answered(
        looked.question(), OptionalDouble.of(Math.min(1, probability)), looked.step());
  }

  /** How probable a sentence is that names no finding; not asked where the template has no way. */
  Answered ask(String sentence) {
    Optional<ReportTemplate.Unknown> way = template.unknown();
    if (way.isEmpty()) {
      return Answered.NOT;
    }
    String question = way.get().question().replace("{sentence}", sentence);
    Looked looked = look(question, List.of(way.get().yes(), way.get().no()), List.of(true, false));
    return new Answered(question, OptionalDouble.of(looked.shares().getFirst()), looked.step());
  }

  /** What the model says of a finding when it is asked. */
  Seen see(Finding finding) {
    Looked looked = look(finding);
    int best = 1;
    for (int i = 2; i < looked.shares().size(); i++) {
      best = looked.shares().get(i) > looked.shares().get(best) ? i : best;
    }
    double absent = looked.shares().getFirst();
    Finding.Present present = finding.present().get(best - 1);
    return new Seen(
        absent > looked.shares().get(best) ? finding.absent() : present.answer(),
        1 - absent,
        present,
        looked.step());
  }

  private Looked look(Finding finding) {
    List<String> answers = new ArrayList<>();
    List<Boolean> present = new ArrayList<>();
    answers.add(finding.absent());
    present.add(false);
    finding
        .present()
        .forEach(one -> {
          answers.add(one.answer());
          present.add(true);
        });
    return look(finding.question(), answers, present);
  }

  private Looked look(String question, List<String> answers, List<Boolean> agrees) {
    return known.computeIfAbsent(
        List.of(question, answers),
        _ -> {
          double start = trace.millis();
          List<Double> logarithms = judge.logLikelihoods(pictures, question, answers);
          List<Double> shares = Judge.shares(logarithms);
          List<TraceEntry.Candidate> candidates = new ArrayList<>();
          int chosen = 0;
          for (int i = 0; i < answers.size(); i++) {
            candidates.add(
                new TraceEntry.Candidate(
                    answers.get(i), logarithms.get(i), shares.get(i), agrees.get(i)));
            chosen = shares.get(i) > shares.get(chosen) ? i : chosen;
          }
          int step =
              trace.check(
                  new TraceEntry.Check(question, Optional.of(images), candidates, chosen),
                  about,
                  start);
          return new Looked(question, shares, step);
        });
  }
}
