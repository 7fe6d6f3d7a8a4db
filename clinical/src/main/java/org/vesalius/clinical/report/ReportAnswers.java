package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vesalius.clinical.agent.Agent;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.AgentResult;
import org.vesalius.clinical.agent.AgentTask;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.judge.Judge;
import org.vesalius.clinical.rubric.BestOfN;
import org.vesalius.clinical.rubric.Rubric;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.SamplingOptions;

/**
 * The answers of a model to one task: the one that it writes with its tools, further samples, and
 * which of them is taken.
 */
final class ReportAnswers {
  private final ReportSetup setup;
  private final ReportTask task;
  private final Agent agent;
  private final TraceRecorder trace;
  private final List<Generation> samples = new ArrayList<>();
  private List<String> others = List.of();
  private List<BestOfN.Ranked> ranking = List.of();

  ReportAnswers(ReportSetup setup, ReportTask task, Agent agent, TraceRecorder trace) {
    this.setup = setup;
    this.task = task;
    this.agent = agent;
    this.trace = trace;
  }

  /** What the model wrote at other times than the one that was taken. */
  List<String> others() {
    return others;
  }

  /**
   * All answers but one, which says nothing about its own agreement; the first stands in its place.
   *
   * @param answers the first and the samples
   * @param taken index of the one
   */
  static List<String> others(List<String> answers, int taken) {
    List<String> others = new ArrayList<>(answers);
    others.set(taken, answers.getFirst());
    return List.copyOf(others.subList(1, others.size()));
  }

  /** The answers by the rubric, the best first; empty without one. */
  List<BestOfN.Ranked> ranking() {
    return ranking;
  }

  /**
   * Writes all of them; the one that is taken.
   *
   * @param shown pictures, of which the earlier ones come last
   * @param judge for the rubric
   */
  AgentResult write(List<AgentImage> shown, Judge judge) throws InterruptedException {
    ReportTemplate template = setup.template();
    String prompt =
        shown.size() > task.images().size()
            ? template.prompt()
                + "\n"
                + template.comparison().map(ReportTemplate.Comparison::prompt).orElse("")
            : template.prompt();
    AgentResult written =
        agent.run(
            new AgentTask(
                Optional.empty(),
                shown,
                prompt,
                template.format(),
                setup.seeded(),
                task.cancellation()),
            trace);
    for (int i = 0; i < setup.options().samples() && !task.cancellation().isCancelled(); i++) {
      samples.add(sample(i));
    }
    task.rubric().ifPresent(rubric -> rank(rubric, written, judge));
    int taken = ranking.isEmpty() ? 0 : ranking.getFirst().index();
    others =
        others(
            Stream.concat(Stream.of(written.answer()), samples.stream().map(Generation::text))
                .toList(),
            taken);
    return taken == 0
        ? written
        : written.withAnswer(
            samples.get(taken - 1),
            "Of %d reports number %d was chosen by the rubric %s."
                .formatted(ranking.size(), taken + 1, task.rubric().map(Rubric::id).orElse("")));
  }

  private Generation sample(int number) {
    List<Part> parts = new ArrayList<>(parts(task.images()));
    parts.add(Part.text(setup.template().prompt()));
    ReportOptions options = setup.options();
    ChatRequest.Builder request =
        ChatRequest.builder()
            .user(parts.toArray(Part[]::new))
            .responseFormat(setup.template().format())
            .sampling(
                SamplingOptions.greedy()
                    .withTemperature(options.temperature())
                    .withSeed(options.seed() + number))
            .logprobs(1)
            .cancellation(task.cancellation());
    options.limits().turnTokens().ifPresent(request::maxTokens);
    Generation sample = setup.model().generate(request.build());
    trace.turn("sample", sample);
    return sample;
  }

  /** By how well they meet the rubric; the first of equals comes first. */
  private void rank(Rubric rubric, AgentResult written, Judge judge) {
    List<BestOfN.Candidate> candidates = new ArrayList<>();
    candidates.add(candidate(written.answer(), written.generation()));
    samples.forEach(sample -> candidates.add(candidate(sample.text(), Optional.of(sample))));
    ranking =
        BestOfN.rank(rubric, candidates, setup.template().prompt(), parts(task.images()), judge);
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

  /** Pictures as parts of a message. */
  static List<Part> parts(List<AgentImage> images) {
    return images.stream().<Part>map(AgentImage::part).toList();
  }
}
