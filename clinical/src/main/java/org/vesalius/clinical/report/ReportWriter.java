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
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.judge.LikelihoodJudge;
import org.vesalius.clinical.trace.DecisionTrace;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceEntry.Claim;
import org.vesalius.clinical.trace.TracePlace;
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
    private final List<Measurement> measurements = new ArrayList<>();
    private final SelfAgreement samples = new SelfAgreement();
    private final Locator locator;
    private final SecondLook look;

    Writing(ReportTask task) {
      this.task = task;
      List<Part.Picture> pictures = task.images().stream().map(AgentImage::part).toList();
      look = new SecondLook(template, new LikelihoodJudge(model), pictures, trace);
      locator = new Locator(model, task.images(), trace, task.cancellation());
    }

    WrittenReport write() throws InterruptedException {
      AgentResult written =
          agent.run(
              new AgentTask(
                  Optional.empty(),
                  task.images(),
                  template.prompt(),
                  template.format(),
                  SamplingOptions.greedy(),
                  task.cancellation()),
              trace);
      for (int i = 0; i < options.samples(); i++) {
        sample(i);
      }
      return finish(written, TokenConfidence.of(written.generation()));
    }

    WrittenReport check(String text) {
      Part[] parts = task.images().stream().map(AgentImage::part).toArray(Part[]::new);
      var prepared = model.pictures(ChatRequest.builder().user(parts).build());
      for (int i = 0; i < parts.length; i++) {
        trace.image(task.images().get(i), prepared.get(i));
      }
      return finish(AgentResult.given(text, trace.images()), TokenConfidence.of(Optional.empty()));
    }

    private void sample(int number) {
      List<Part> parts = new ArrayList<>(task.images().stream().map(AgentImage::part).toList());
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
      samples.add(
          WrittenText.of(template, sample.text()).sentences().stream()
              .flatMap(sentence -> reader.read(sentence).stream())
              .toList());
    }

    private WrittenReport finish(AgentResult written, TokenConfidence confidence) {
      WrittenText text = WrittenText.of(template, written.answer());
      List<Draft> drafts = new ArrayList<>();
      for (WrittenText.Part part : text.sections()) {
        for (String sentence : part.sentences()) {
          drafts.add(draft(part.heading(), sentence, confidence.of(sentence)));
        }
      }
      Contradictions rules = new Contradictions(template);
      List<Contradictions.Known> known = drafts.stream().map(Draft::known).toList();
      List<Sentence> sentences = new ArrayList<>();
      for (int i = 0; i < drafts.size(); i++) {
        sentences.add(drafts.get(i).sentence(i, rules.of(i, known)));
        claim(drafts.get(i), sentences.get(i));
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
      List<Report.Omission> omissions = omissions(drafts);
      return report(written, shown, omissions);
    }

    private Draft draft(
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
          quotes.addAll(task.quotes().quotes(statement.finding().name()));
        }
      }
      List<Integer> measured = new ArrayList<>();
      places.forEach(located -> measured.addAll(measure(located.place())));
      return new Draft(
          heading,
          sentence,
          statements,
          points,
          places,
          quotes,
          measured,
          measured.stream().map(measurements::get).toList(),
          confidence,
          agreement);
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

    /** Width and height of a box, once for each place; the indices of the measurements. */
    private List<Integer> measure(TracePlace place) {
      if (place.kind() != TracePlace.Kind.BOX) {
        return List.of();
      }
      List<Integer> indices = new ArrayList<>();
      for (int i = 0; i < measurements.size(); i++) {
        if (measurements.get(i).place().equals(place)) {
          indices.add(i);
        }
      }
      if (indices.isEmpty()) {
        boolean known = !place.millimetres().isEmpty();
        List<Double> corners = known ? place.millimetres() : place.pixels();
        String unit = known ? "mm" : "px";
        String qualifier =
            task.images()
                .get(place.image())
                .picture()
                .place()
                .spacing()
                .map(spacing -> spacing.place().description())
                .orElse("");
        for (int axis = 0; axis < 2; axis++) {
          indices.add(measurements.size());
          measurements.add(
              new Measurement(
                  place.label(),
                  place,
                  axis == 0 ? "width" : "height",
                  Math.abs(corners.get(2 + axis) - corners.get(axis)),
                  unit,
                  qualifier));
        }
      }
      return indices;
    }

    private void claim(Draft draft, Sentence sentence) {
      List<Integer> steps = new ArrayList<>();
      sentence.points().stream()
          .map(Sentence.KeyPoint::step)
          .filter(step -> step >= 0)
          .forEach(steps::add);
      draft.places().forEach(located -> steps.add(located.step()));
      trace.claim(
          draft.heading().id(),
          sentence.text(),
          switch (sentence.verdict()) {
            case SUPPORTED -> Claim.Status.SUPPORTED;
            case UNSUPPORTED -> Claim.Status.UNSUPPORTED;
            case UNCERTAIN -> Claim.Status.UNCERTAIN;
            case UNCHECKED -> Claim.Status.UNCHECKED;
          },
          sentence.points().stream().flatMapToDouble(point -> point.probability().stream()).min(),
          steps.stream().distinct().toList(),
          draft.places().stream().map(Locator.Located::place).toList(),
          draft.quotes(),
          sentence.contradictions());
    }

    /** What the model sees when it is asked, and no sentence names. */
    private List<Report.Omission> omissions(List<Draft> drafts) {
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
      TraceEntry.Run run =
          facts.run(description, agent.definitions(), options.limits(), SamplingOptions.greedy());
      List<String> notes = new ArrayList<>(written.notes());
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
              measurements,
              abstained(written, sections),
              facts.model().family() + " (" + facts.model().directory() + ")",
              "");
      return new WrittenReport(report, done, trace.images());
    }

    private List<ReportImage> images() {
      List<ReportImage> images = new ArrayList<>();
      for (int i = 0; i < task.images().size(); i++) {
        AgentImage image = task.images().get(i);
        images.add(
            new ReportImage(
                i,
                image.origin(),
                image.medical().map(m -> OptionalInt.of(m.index() + 1)).orElse(OptionalInt.empty()),
                false,
                image
                    .medical()
                    .map(AgentImage.MedicalFrame::image)
                    .filter(DicomImage.class::isInstance)
                    .map(medical -> ((DicomImage) medical).file())));
      }
      return images;
    }

    private Optional<String> abstained(AgentResult written, List<Report.Section> sections) {
      if (written.answer().isBlank()) {
        return Optional.of("the model wrote nothing (" + written.reason().word() + ")");
      }
      List<Sentence.Verdict> looked =
          sections.stream()
              .flatMap(section -> section.sentences().stream())
              .map(Sentence::verdict)
              .filter(verdict -> verdict != Sentence.Verdict.UNCHECKED)
              .toList();
      long failed =
          looked.stream().filter(verdict -> verdict != Sentence.Verdict.SUPPORTED).count();
      return !looked.isEmpty() && failed >= options.abstainShare() * looked.size()
          ? Optional.of(
              "%d of %d sentences do not hold when they are looked at again"
                  .formatted(failed, looked.size()))
          : Optional.empty();
    }
  }

  /** A sentence before the rules have seen all of them. */
  private record Draft(
      ReportTemplate.Heading heading,
      String text,
      List<Statement> statements,
      List<Sentence.KeyPoint> points,
      List<Locator.Located> places,
      List<SourceQuote> quotes,
      List<Integer> measured,
      List<Measurement> measurements,
      OptionalDouble confidence,
      OptionalDouble agreement) {

    Contradictions.Known known() {
      return new Contradictions.Known(
          text, statements, places, measurements, Sentence.worst(points));
    }

    Sentence sentence(int index, List<String> contradictions) {
      List<Evidence> evidence = new ArrayList<>();
      places.forEach(located -> evidence.add(new Evidence.Region(located.place(), located.step())));
      measured.forEach(measurement -> evidence.add(new Evidence.Measured(measurement)));
      quotes.forEach(quote -> evidence.add(new Evidence.Quoted(quote)));
      return new Sentence(index, text, points, evidence, contradictions, confidence, agreement);
    }
  }
}
