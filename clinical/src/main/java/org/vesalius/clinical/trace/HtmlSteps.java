package org.vesalius.clinical.trace;

import java.util.List;
import org.jsoup.nodes.Element;
import org.vesalius.clinical.trace.TraceEntry.Step;

/** The steps of a trace in order, with the turns of the model that they come from. */
final class HtmlSteps {
  private final DecisionTrace trace;
  private final List<TraceEntry.Turn> turns;
  private final PlaceNumbers numbers;

  HtmlSteps(DecisionTrace trace, PlaceNumbers numbers) {
    this.trace = trace;
    this.turns = trace.turns();
    this.numbers = numbers;
  }

  void render(Element main) {
    if (turns.isEmpty() && trace.steps().isEmpty()) {
      return;
    }
    Element section = HtmlText.add(main, "section", "").attr("id", "steps");
    HtmlText.add(section, "h2", "", "Steps");
    Element list = HtmlText.add(section, "ol", "timeline");
    for (TraceEntry entry : trace.entries()) {
      switch (entry) {
        case TraceEntry.Turn turn -> turn(list, turn);
        case Step step -> step(list, step);
        case TraceEntry.Image image when image.parent().isPresent() -> image(list, image);
        case TraceEntry.Run _, TraceEntry.Image _, TraceEntry.Claim _, TraceEntry.Outcome _ -> {}
      }
    }
  }

  private static void turn(Element list, TraceEntry.Turn turn) {
    Element item = HtmlText.add(list, "li", "turn");
    HtmlText.add(item, "strong", "", "Turn %d: %s".formatted(turn.index(), turn.purpose()));
    HtmlText.add(
        item,
        "span",
        "quiet",
        " read %s, %d of them of images; wrote %s; %s; ended: %s; first token after %s, all after %s"
            .formatted(
                HtmlText.count(turn.promptTokens(), "token"),
                turn.imageTokens(),
                HtmlText.count(turn.tokens().size(), "token"),
                meanLogProbability(turn.logprobs()),
                turn.finishReason(),
                HtmlText.duration(turn.firstTokenMillis()),
                HtmlText.duration(turn.millis())));
  }

  private static String meanLogProbability(List<Double> logprobs) {
    double mean = logprobs.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    return "mean log-probability " + HtmlText.number(mean, 3);
  }

  private static void image(Element list, TraceEntry.Image image) {
    Element item = HtmlText.add(list, "li", "turn");
    HtmlText.link(item, "image-" + image.index(), "Image " + image.index());
    HtmlText.add(item, "span", "quiet", " was added: " + image.origin());
  }

  private void step(Element list, Step step) {
    Element item =
        HtmlText.add(list, "li", "step " + EntryWriter.name(step.kind()))
            .attr("id", "step-" + step.index());
    Element head = HtmlText.add(item, "p", "head");
    HtmlText.add(head, "span", "number", String.valueOf(step.index()));
    HtmlText.add(head, "span", "kind", HtmlText.words(step.kind()));
    HtmlText.add(head, "span", "quiet", facts(step));
    if (!step.text().isEmpty()) {
      HtmlText.add(item, "p", "text", step.text());
    }
    step.call().ifPresent(call -> call(item, call));
    step.result().ifPresent(result -> result(item, result));
    step.check().ifPresent(check -> check(item, check));
    numbers.links(item, step.places());
    HtmlClaims.quotes(item, step.sources());
  }

  private String facts(Step step) {
    StringBuilder facts = new StringBuilder(" at " + HtmlText.duration(step.startMillis()));
    facts.append(", took ").append(HtmlText.duration(step.millis()));
    if (step.turn().isPresent()) {
      facts.append(" \u00b7 turn ").append(step.turn().getAsInt());
      tokens(step, step.turn().getAsInt(), facts);
    }
    return facts.toString();
  }

  private void tokens(Step step, int turn, StringBuilder facts) {
    boolean known =
        turn >= 0
            && turn < turns.size()
            && step.firstToken() >= 0
            && step.firstToken() < step.endToken()
            && step.endToken() <= turns.get(turn).tokens().size();
    if (known) {
      List<Double> logprobs =
          turns.get(turn).logprobs().subList(step.firstToken(), step.endToken());
      facts
          .append(" \u00b7 ")
          .append(HtmlText.count(logprobs.size(), "token"))
          .append(", ")
          .append(meanLogProbability(logprobs));
    }
  }

  private static void call(Element item, TraceEntry.Call call) {
    Element line = HtmlText.add(item, "p", "");
    HtmlText.add(line, "code", "", call.tool().isEmpty() ? "(no tool named)" : call.tool());
    HtmlText.add(line, "span", "quiet", " id " + call.id());
    HtmlText.add(item, "pre", "", TraceJson.pretty(call.arguments()));
    call.problem()
        .ifPresent(problem -> HtmlText.add(item, "p", "problem", "\u26a0 not called: " + problem));
  }

  private void result(Element item, TraceEntry.Result result) {
    Element line = HtmlText.add(item, "p", "");
    HtmlText.add(line, "code", "", result.tool());
    HtmlText.add(line, "span", "", " " + HtmlText.words(result.status()));
    HtmlText.add(line, "span", "quiet", " of " + result.id());
    HtmlText.add(item, "pre", "", result.text());
    if (result.characters() > result.text().length()) {
      HtmlText.add(
          item,
          "p",
          "quiet",
          "The tool's answer had %d characters and was cut.".formatted(result.characters()));
    }
    numbers.images(item, "", "With", result.images());
  }

  private void check(Element item, TraceEntry.Check check) {
    HtmlText.add(item, "p", "text", check.question());
    numbers.images(item, "quiet", "Asked about", check.images().orElse(List.of()));
    Element table = HtmlText.add(item, "table", "check");
    Element names = HtmlText.add(HtmlText.add(table, "thead", ""), "tr", "");
    for (String name : List.of("Answer", "Probability among them", "Log-likelihood", "Says")) {
      HtmlText.add(names, "th", "", name).attr("scope", "col");
    }
    Element body = HtmlText.add(table, "tbody", "");
    for (int i = 0; i < check.candidates().size(); i++) {
      candidate(body, check.candidates().get(i), i == check.chosen());
    }
  }

  private static void candidate(Element body, TraceEntry.Candidate candidate, boolean chosen) {
    Element row = HtmlText.add(body, "tr", chosen ? "chosen" : "");
    HtmlText.add(row, "td", "", candidate.text() + (chosen ? " (chosen)" : ""));
    Element cell = HtmlText.add(row, "td", "");
    double share = Double.isNaN(candidate.share()) ? 0 : Math.clamp(candidate.share(), 0.0, 1.0);
    HtmlText.add(HtmlText.add(cell, "span", "bar"), "span", "")
        .attr("style", "width:" + 100 * share + "%");
    HtmlText.add(cell, "span", "", HtmlText.percent(candidate.share()));
    HtmlText.add(row, "td", "", HtmlText.number(candidate.logLikelihood(), 3));
    HtmlText.add(row, "td", "", candidate.agrees() ? "it holds" : "it does not hold");
  }
}
