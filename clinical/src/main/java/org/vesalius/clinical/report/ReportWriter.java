package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.Agent;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.AgentModel;
import org.vesalius.clinical.agent.AgentResult;
import org.vesalius.clinical.agent.AgentTask;
import org.vesalius.clinical.agent.RunFacts;
import org.vesalius.clinical.agent.StopReason;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.judge.LikelihoodJudge;
import org.vesalius.clinical.rubric.BestOfN;
import org.vesalius.clinical.rubric.Rubric;
import org.vesalius.clinical.trace.DecisionTrace;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceFile;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.SamplingOptions;

/**
 * Writes reports whose sentences carry their evidence. The model writes, with tools where the
 * template offers them; then each thing that it has said is looked at a second time, by what the
 * model finds likely when it is asked about that alone, and by rules. What does not hold is marked
 * and stays. For development and research; nothing that it writes is a diagnosis.
 */
public final class ReportWriter {
  private final ChatModel model;
  private final RunFacts facts;
  private final ReportTemplate template;
  private final ReportOptions options;
  private final List<Tool> tools;

  /**
   * A writer.
   *
   * @param model that writes; it stays the caller's
   * @param facts what traces say of it
   * @param tools that are offered where the template offers any
   */
  public ReportWriter(
      ChatModel model,
      RunFacts facts,
      ReportTemplate template,
      ReportOptions options,
      List<Tool> tools) {
    this.model = model;
    this.facts = facts;
    this.template = template;
    this.options = options;
    this.tools = template.tools() ? List.copyOf(tools) : List.of();
  }

  /**
   * Writes a report.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile
   * @throws org.vesalius.runtime.ContextOverflowException if the pictures do not fit the context
   */
  public WrittenReport write(ReportTask task) throws InterruptedException {
    return new Writing(task).write();
  }

  /**
   * Looks at a given text as at one of the model's: what holds of it, and what it leaves out. The
   * text is in the form of the template.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public WrittenReport check(ReportTask task, String text) throws InterruptedException {
    return new Writing(task).check(text);
  }

  /** One report. */
  private final class Writing {
    private final ReportTask task;
    private final TraceRecorder trace = new TraceRecorder(options.keepPictures());
    private final StatementReader reader = new StatementReader(template);
    private final Agent agent = new Agent(AgentModel.of(model), tools, options.limits());
    private final Measurements measurements;
    private final SelfAgreement samples = new SelfAgreement();
    private final Judge judge = new LikelihoodJudge(model);
    private final List<String> notes = new ArrayList<>();
    private List<BestOfN.Ranked> ranking = List.of();
    private int firstPrior = -1;
    private final Locator locator;
    private final SecondLook look;

    Writing(ReportTask task) {
      this.task = task;
      measurements = new Measurements(task.images());
      look = new SecondLook(template, judge, parts(task.images()), "current images", trace);
      locator = new Locator(model, task.images(), trace, seeded(), task.cancellation());
    }

    WrittenReport write() throws InterruptedException {
      // Where tools are offered, earlier pictures are there to be compared with.
      boolean withPriors = !tools.isEmpty() && !task.priors().isEmpty();
      List<AgentImage> shown = new ArrayList<>(task.images());
      String prompt = template.prompt();
      if (withPriors) {
        firstPrior = shown.size();
        shown.addAll(task.priors());
        prompt += "\n" + template.comparison().map(ReportTemplate.Comparison::prompt).orElse("");
      }
      AgentResult written =
          agent.run(
              new AgentTask(
                  Optional.empty(),
                  shown,
                  prompt,
                  template.format(),
                  seeded(),
                  task.cancellation()),
              trace);
      List<Generation> drawn = new ArrayList<>();
      for (int i = 0; i < options.samples() && !task.cancellation().isCancelled(); i++) {
        drawn.add(sample(i));
      }
      AgentResult best = task.rubric().map(rubric -> best(rubric, written, drawn)).orElse(written);
      return finish(best, TokenConfidence.of(best.generation()));
    }

    /** The one that meets the rubric best; the first of equals. */
    private AgentResult best(Rubric rubric, AgentResult written, List<Generation> drawn) {
      List<BestOfN.Candidate> candidates = new ArrayList<>();
      candidates.add(candidate(written.answer(), written.generation()));
      drawn.forEach(sample -> candidates.add(candidate(sample.text(), Optional.of(sample))));
      ranking = BestOfN.rank(rubric, candidates, template.prompt(), parts(task.images()), judge);
      BestOfN.Ranked first = ranking.getFirst();
      return first.index() == 0
          ? written
          : written.withAnswer(
              drawn.get(first.index() - 1),
              "Of %d reports number %d was chosen by the rubric %s."
                  .formatted(candidates.size(), first.index() + 1, rubric.id()));
    }

    private List<Statement> statements(String answer) {
      return statements(WrittenText.of(template, answer).sentences());
    }

    private List<Statement> statements(List<String> sentences) {
      return sentences.stream().flatMap(sentence -> reader.read(sentence).stream()).toList();
    }

    private static BestOfN.Candidate candidate(String text, Optional<Generation> generation) {
      double mean =
          generation.stream()
              .flatMap(one -> one.logprobs().stream())
              .mapToDouble(token -> token.chosen().logprob())
              .average()
              .orElse(Double.NEGATIVE_INFINITY);
      return new BestOfN.Candidate(text, mean);
    }

    WrittenReport check(String text) {
      record(task.images());
      return finish(AgentResult.given(text, trace.images()), TokenConfidence.of(Optional.empty()));
    }

    private Generation sample(int number) {
      List<Part> parts = new ArrayList<>(parts(task.images()));
      parts.add(Part.text(template.prompt()));
      ChatRequest.Builder request =
          ChatRequest.builder()
              .user(parts.toArray(Part[]::new))
              .responseFormat(template.format())
              .sampling(
                  SamplingOptions.greedy()
                      .withTemperature(options.temperature())
                      .withSeed(options.seed() + number))
              .logprobs(1)
              .cancellation(task.cancellation());
      options.limits().turnTokens().ifPresent(request::maxTokens);
      Generation sample = model.generate(request.build());
      trace.turn("sample", sample);
      samples.add(statements(sample.text()));
      return sample;
    }

    private WrittenReport finish(AgentResult written, TokenConfidence confidence) {
      WrittenText text = WrittenText.of(template, written.answer());
      List<SentenceDraft> drafts = new ArrayList<>();
      for (WrittenText.Part part : text.sections()) {
        for (String sentence : part.sentences()) {
          drafts.add(draft(part.heading(), sentence, confidence.of(sentence)));
        }
      }
      List<SentenceDraft> compared = compared();
      drafts.addAll(compared);
      Contradictions rules = new Contradictions(template);
      List<Contradictions.Known> known = drafts.stream().map(SentenceDraft::known).toList();
      List<Sentence> sentences = new ArrayList<>();
      for (int i = 0; i < drafts.size(); i++) {
        sentences.add(drafts.get(i).sentence(i, rules.of(i, known)));
        drafts.get(i).claim(sentences.get(i), trace);
      }
      List<Report.Section> shown = new ArrayList<>();
      int from = 0;
      for (WrittenText.Part part : text.sections()) {
        int to = from + part.sentences().size();
        shown.add(
            new Report.Section(
                part.heading().id(), part.heading().title(), sentences.subList(from, to)));
        from = to;
      }
      if (!compared.isEmpty()) {
        shown.add(
            new Report.Section(
                ReportTemplate.Comparison.ID,
                template.comparison().orElseThrow().title(),
                sentences.subList(from, sentences.size())));
      }
      List<Report.Omission> omissions = omissions(drafts);
      return report(written, shown, omissions);
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
      SecondLook before =
          new SecondLook(template, judge, parts(task.priors()), "earlier images", trace);
      return new PriorComparison(template, options, look, before, locator).sentences();
    }

    private void record(List<AgentImage> images) {
      Part[] parts = parts(images).toArray(Part[]::new);
      trace.images(images, model.pictures(ChatRequest.builder().user(parts).build()));
    }

    private static List<Part> parts(List<AgentImage> images) {
      return images.stream().<Part>map(AgentImage::part).toList();
    }

    /** Greedy answers do not need a seed, but a trace that is made again shall name the same. */
    private SamplingOptions seeded() {
      return SamplingOptions.greedy().withSeed(options.seed());
    }

    private SentenceDraft draft(
        ReportTemplate.Heading heading, String sentence, OptionalDouble confidence) {
      List<Statement> statements = reader.read(sentence);
      OptionalDouble agreement = samples.of(statements);
      boolean wavering = agreement.isPresent() && agreement.getAsDouble() < options.agreement();
      List<Sentence.KeyPoint> points = new ArrayList<>();
      if (statements.isEmpty()) {
        points.add(point("", sentence, true, look.ask(sentence), false));
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
      return task.quotes().quotes(finding.name()).stream()
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
      Sentence.Verdict verdict =
          answered.probability().isEmpty()
              ? Sentence.Verdict.UNCHECKED
              : options.verdict(answered.probability().getAsDouble());
      return new Sentence.KeyPoint(
          finding,
          statement,
          present,
          answered.question(),
          answered.probability(),
          wavering && verdict == Sentence.Verdict.SUPPORTED ? Sentence.Verdict.UNCERTAIN : verdict,
          answered.step());
    }

    /** What the model sees when it is asked, and no sentence names. */
    private List<Report.Omission> omissions(List<SentenceDraft> drafts) {
      List<Report.Omission> omissions = new ArrayList<>();
      for (Finding finding : template.findings()) {
        boolean named =
            drafts.stream()
                .flatMap(draft -> draft.statements().stream())
                .anyMatch(statement -> statement.finding().id().equals(finding.id()));
        if (named || task.cancellation().isCancelled()) {
          continue;
        }
        SecondLook.Seen seen = look.see(finding);
        if (seen.present() >= options.supported()) {
          omissions.add(
              new Report.Omission(finding.name(), seen.likeliest().answer(), seen.present()));
        }
      }
      return omissions;
    }

    private WrittenReport report(
        AgentResult written, List<Report.Section> sections, List<Report.Omission> omissions) {
      Map<String, @Nullable Object> description = new LinkedHashMap<>(task.description());
      description.put("template", template.name());
      description.put("options", options.facts());
      TraceEntry.Run run = facts.run(description, agent.definitions(), options.limits(), seeded());
      notes.addAll(0, written.notes());
      omissions.forEach(omission ->
          notes.add(
              "Not named, though the model sees it when asked: %s (%s)"
                  .formatted(omission.finding(), omission.answer())));
      TraceEntry.Outcome ended = written.outcome(trace.millis());
      DecisionTrace done =
          trace.finish(
              run,
              new TraceEntry.Outcome(
                  ended.answer(),
                  ended.answerSource(),
                  ended.stopReason(),
                  ended.turns(),
                  ended.calls(),
                  ended.millis(),
                  notes));
      Report report =
          new Report(
              run.id(),
              run.startedAt(),
              template.name(),
              template.language(),
              sections,
              omissions,
              images(),
              measurements.all(),
              abstained(written, sections),
              facts.model().family() + " (" + facts.model().directory() + ")",
              TraceFile.lastHash(done));
      return new WrittenReport(report, done, ranking, trace.images());
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

    private Optional<String> abstained(AgentResult written, List<Report.Section> sections) {
      if (written.answer().isBlank()) {
        return Optional.of("the model wrote nothing (" + written.reason().word() + ")");
      }
      if (written.reason() != StopReason.ANSWERED && written.reason() != StopReason.STABLE) {
        return Optional.of("the model did not come to its end (" + written.reason().word() + ")");
      }
      List<Sentence.Verdict> looked =
          sections.stream()
              .flatMap(section -> section.sentences().stream())
              .map(Sentence::verdict)
              .filter(verdict -> verdict != Sentence.Verdict.UNCHECKED)
              .toList();
      long failed =
          looked.stream().filter(verdict -> verdict != Sentence.Verdict.SUPPORTED).count();
      if (looked.isEmpty()) {
        return Optional.of("nothing that it says could be looked at again");
      }
      return failed >= options.abstainShare() * looked.size()
          ? Optional.of(
              "%d of %d sentences do not hold when they are looked at again"
                  .formatted(failed, looked.size()))
          : Optional.empty();
    }
  }
}
