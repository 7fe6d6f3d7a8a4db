package org.vesalius.clinical.report;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Agent;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.AgentModel;
import org.vesalius.clinical.agent.AgentResult;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.judge.LikelihoodJudge;
import org.vesalius.clinical.trace.DecisionTrace;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceFile;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Part;

/** One report in the making: the answer, what carries its sentences, and the trace of both. */
final class ReportRun {
  private final ReportSetup setup;
  private final ReportTask task;
  private final TraceRecorder trace;
  private final Agent agent;
  private final ReportAnswers answers;
  private final Measurements measurements;
  private final Judge judge;
  private final SecondLook look;
  private final Locator locator;
  private int firstPrior = -1;

  ReportRun(ReportSetup setup, ReportTask task) {
    this.setup = setup;
    this.task = task;
    trace = new TraceRecorder(setup.options().keepPictures(), setup.options().showBurnedIn());
    agent = new Agent(AgentModel.of(setup.model()), setup.tools(), setup.options().limits());
    answers = new ReportAnswers(setup, task, agent, trace);
    measurements = new Measurements(task.images());
    judge = new LikelihoodJudge(setup.model());
    look = look(task.images(), 0, "current images");
    locator = new Locator(setup.model(), task.images(), trace, setup.seeded(), task.cancellation());
  }

  private SecondLook look(List<AgentImage> images, int first, String about) {
    return new SecondLook(
        setup.template(), judge, ReportAnswers.parts(images), first, about, trace);
  }

  /** A report that the model writes. */
  WrittenReport write() throws InterruptedException {
    List<AgentImage> shown = new ArrayList<>(task.images());
    // Where tools are offered, earlier pictures are there to be compared with.
    if (!setup.tools().isEmpty() && !task.priors().isEmpty()) {
      firstPrior = shown.size();
      shown.addAll(task.priors());
    }
    AgentResult taken = answers.write(shown, judge);
    return finish(taken, TokenConfidence.of(taken.generation()));
  }

  /** A report of a given text. */
  WrittenReport check(String text) {
    record(task.images());
    return finish(AgentResult.given(text, trace.images()), TokenConfidence.of(Optional.empty()));
  }

  private void record(List<AgentImage> images) {
    Part[] parts = ReportAnswers.parts(images).toArray(Part[]::new);
    trace.images(images, setup.model().pictures(ChatRequest.builder().user(parts).build()));
  }

  private WrittenReport finish(AgentResult written, TokenConfidence confidence) {
    WrittenText text = WrittenText.of(setup.template(), written.answer());
    List<SentenceDraft> drafts =
        new SentenceDrafts(setup, task.quotes(), look, locator, measurements, answers.others())
            .of(text, confidence);
    List<SentenceDraft> compared = compared();
    drafts.addAll(compared);
    List<Sentence> sentences = claimed(drafts);
    List<Report.Section> sections = new ArrayList<>();
    int from = 0;
    for (WrittenText.Part part : text.sections()) {
      int to = from + part.sentences().size();
      sections.add(
          new Report.Section(
              part.heading().id(), part.heading().title(), sentences.subList(from, to)));
      from = to;
    }
    if (!compared.isEmpty()) {
      sections.add(
          new Report.Section(
              ReportTemplate.Comparison.ID,
              setup.template().comparison().orElseThrow().title(),
              sentences.subList(from, sentences.size())));
    }
    return report(written, sections, omissions(drafts));
  }

  /** The sentences with what the rules say of them all, as claims of the trace. */
  private List<Sentence> claimed(List<SentenceDraft> drafts) {
    Contradictions rules = new Contradictions(setup.template());
    List<Contradictions.Known> known = drafts.stream().map(SentenceDraft::known).toList();
    List<Sentence> sentences = new ArrayList<>();
    for (int i = 0; i < drafts.size(); i++) {
      sentences.add(drafts.get(i).sentence(i, rules.of(i, known)));
      drafts.get(i).claim(sentences.get(i), setup.names(), trace);
    }
    return sentences;
  }

  /** What has changed since earlier pictures, which join the trace. */
  private List<SentenceDraft> compared() {
    if (task.priors().isEmpty() || task.cancellation().isCancelled()) {
      return List.of();
    }
    if (firstPrior < 0) {
      firstPrior = trace.images().size();
      record(task.priors());
    }
    SecondLook before = look(task.priors(), firstPrior, "earlier images");
    return new PriorComparison(setup.template(), setup.options(), look, before, locator)
        .sentences();
  }

  /** What the model sees when it is asked, and no sentence names. */
  private List<Report.Omission> omissions(List<SentenceDraft> drafts) {
    List<Report.Omission> omissions = new ArrayList<>();
    for (Finding finding : setup.template().findings()) {
      boolean named =
          drafts.stream()
              .flatMap(draft -> draft.statements().stream())
              .anyMatch(statement -> statement.finding().id().equals(finding.id()));
      if (named || task.cancellation().isCancelled()) {
        continue;
      }
      SecondLook.Seen seen = look.see(finding);
      if (seen.present() >= setup.options().supported()) {
        omissions.add(
            new Report.Omission(finding.name(), seen.likeliest().answer(), seen.present()));
      }
    }
    return omissions;
  }

  private WrittenReport report(
      AgentResult written, List<Report.Section> sections, List<Report.Omission> omissions) {
    DecisionTrace done = trace.finish(run(), outcome(written, omissions));
    Report report =
        new Report(
            done.run().id(),
            Instant.now(),
            setup.template().name(),
            setup.template().language(),
            sections,
            omissions,
            images(),
            measurements.all(),
            codes(sections),
            Abstention.of(written, sections, setup.options().abstainShare()),
            setup.facts().model().family() + " (" + setup.facts().model().directory() + ")",
            TraceFile.lastHash(done));
    return new WrittenReport(report, done, answers.ranking(), trace.images());
  }

  private Map<String, FindingCodes> codes(List<Report.Section> sections) {
    Map<String, FindingCodes> codes = new LinkedHashMap<>();
    sections.stream()
        .flatMap(section -> section.sentences().stream())
        .flatMap(sentence -> sentence.points().stream())
        .flatMap(point -> setup.template().finding(point.finding()).stream())
        .filter(finding -> !finding.codes().isEmpty())
        .forEach(finding -> codes.put(finding.id(), finding.codes()));
    return codes;
  }

  private TraceEntry.Run run() {
    Map<String, @Nullable Object> description = new LinkedHashMap<>(task.description());
    description.put("template", setup.template().name());
    description.put("options", setup.options().facts());
    return setup
        .facts()
        .run(
            trace.startedAt(),
            description,
            agent.definitions(),
            setup.options().limits(),
            setup.seeded());
  }

  private TraceEntry.Outcome outcome(AgentResult written, List<Report.Omission> omissions) {
    List<String> notes = new ArrayList<>(written.notes());
    omissions.forEach(omission ->
        notes.add(
            "Not named, though the model sees it when asked: %s (%s)"
                .formatted(omission.finding(), omission.answer())));
    TraceEntry.Outcome ended = written.outcome(trace.millis());
    return new TraceEntry.Outcome(
        ended.answer(),
        ended.answerSource(),
        ended.stopReason(),
        ended.turns(),
        ended.calls(),
        ended.millis(),
        notes);
  }

  private List<ReportImage> images() {
    List<ReportImage> images = new ArrayList<>();
    for (int i = 0; i < task.images().size(); i++) {
      images.add(image(i, task.images().get(i), false));
    }
    for (int i = 0; firstPrior >= 0 && i < task.priors().size(); i++) {
      images.add(image(firstPrior + i, task.priors().get(i), true));
    }
    return images;
  }

  private static ReportImage image(int index, AgentImage image, boolean prior) {
    return new ReportImage(
        index,
        image.origin(),
        image.medical().map(m -> OptionalInt.of(m.index() + 1)).orElse(OptionalInt.empty()),
        prior,
        image
            .medical()
            .map(AgentImage.MedicalFrame::image)
            .filter(DicomImage.class::isInstance)
            .map(medical -> ((DicomImage) medical).file()));
  }
}
