package org.vesalius.clinical.trace;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.trace.TraceComparison.Difference;

/** Walks through two traces at once, up to the first place where they differ. */
final class TraceDifferences {
  /** Characters of a text that are shown around a difference. */
  private static final int BEFORE = 30;

  private static final int AFTER = 50;

  private final boolean exact;
  private Optional<Difference> first = Optional.empty();
  private String where = "";

  private TraceDifferences(boolean exact) {
    this.exact = exact;
  }

  static TraceComparison compare(DecisionTrace expected, DecisionTrace found) {
    List<Difference> notes = notes(expected.run(), found.run());
    TraceDifferences walk =
        new TraceDifferences(expected.run().backend().equals(found.run().backend()));
    walk.run(expected.run(), found.run());
    int common = Math.min(expected.entries().size(), found.entries().size());
    for (int i = 1; i < common && walk.first.isEmpty(); i++) {
      walk.entry(i, expected.entries().get(i), found.entries().get(i));
    }
    return new TraceComparison(notes, walk.first);
  }

  private static List<Difference> notes(TraceEntry.Run expected, TraceEntry.Run found) {
    List<Difference> notes = new ArrayList<>();
    note(notes, "backend", expected.backend(), found.backend());
    note(notes, "software", expected.software(), found.software());
    note(notes, "platform", expected.platform(), found.platform());
    if (!json(expected.task()).equals(json(found.task()))) {
      notes.add(new Difference("task", "that of the trace", "another one"));
    }
    return notes;
  }

  private static void note(List<Difference> notes, String place, String expected, String found) {
    if (!expected.equals(found)) {
      notes.add(new Difference(place, expected, found));
    }
  }

  /** Equal for equal JSON, whatever kinds of numbers and order of members hold it. */
  private static Object json(Object value) {
    byte[] text = TraceJson.text(value).getBytes(StandardCharsets.US_ASCII);
    return Optional.ofNullable(TraceJson.value(text, "trace", 1));
  }

  private void differs(String what, String expected, String found) {
    if (first.isEmpty()) {
      first = Optional.of(new Difference(where + what, expected, found));
    }
  }

  private void same(String what, Object expected, Object found) {
    if (!expected.equals(found)) {
      differs(what, String.valueOf(expected), String.valueOf(found));
    }
  }

  private void sameJson(String what, Object expected, Object found) {
    if (!json(expected).equals(json(found))) {
      sameText(what, TraceJson.text(expected), TraceJson.text(found));
      // The texts are the same only up to the order of members, which comes last.
      differs(what, "that of the trace", "another one");
    }
  }

  private void sameText(String what, String expected, String found) {
    if (!expected.equals(found)) {
      int common = Math.min(expected.length(), found.length());
      int at = 0;
      while (at < common && expected.charAt(at) == found.charAt(at)) {
        at++;
      }
      differs(what + ", character " + at, around(expected, at), around(found, at));
    }
  }

  private static String around(String text, int at) {
    int from = Math.max(0, at - BEFORE);
    int to = Math.min(text.length(), at + AFTER);
    return (from > 0 ? "...\"" : "\"")
        + text.substring(from, to)
        + (to < text.length() ? "\"..." : "\"");
  }

  private void sameReal(String what, double expected, double found) {
    if (exact && Double.compare(expected, found) != 0) {
      differs(what, Double.toString(expected), Double.toString(found));
    }
  }

  private void run(TraceEntry.Run expected, TraceEntry.Run found) {
    TracedModel model = expected.model();
    TracedModel other = found.model();
    where = "model, ";
    same("weights", model.weightsSha256(), other.weightsSha256());
    same("config.json", model.configSha256(), other.configSha256());
    same("tokenizer.json", model.tokenizerSha256(), other.tokenizerSha256());
    same("chat template", model.templateSha256(), other.templateSha256());
    same("cache format", model.cacheFormat(), other.cacheFormat());
    same("weight format", model.weightFormat(), other.weightFormat());
    where = "";
    sameJson("tools", expected.tools(), found.tools());
    sameJson("limits", expected.limits(), found.limits());
    sameJson("sampling", expected.sampling(), found.sampling());
  }

  private void entry(int number, TraceEntry expected, TraceEntry found) {
    where = "";
    switch (expected) {
      case TraceEntry.Image one when found instanceof TraceEntry.Image other -> image(one, other);
      case TraceEntry.Turn one when found instanceof TraceEntry.Turn other -> turn(one, other);
      case TraceEntry.Step one when found instanceof TraceEntry.Step other -> step(one, other);
      case TraceEntry.Claim one when found instanceof TraceEntry.Claim other -> claim(one, other);
      case TraceEntry.Outcome one when found instanceof TraceEntry.Outcome other ->
          outcome(one, other);
      default -> differs("entry " + number, kind(expected), kind(found));
    }
  }

  private static String kind(TraceEntry entry) {
    return switch (entry) {
      case TraceEntry.Run _ -> "the run";
      case TraceEntry.Image image -> "image " + image.index();
      case TraceEntry.Turn turn -> "turn " + turn.index();
      case TraceEntry.Step step -> "step " + step.index() + ", " + EntryWriter.name(step.kind());
      case TraceEntry.Claim claim -> "claim " + claim.index();
      case TraceEntry.Outcome _ -> "the outcome";
    };
  }

  private void image(TraceEntry.Image expected, TraceEntry.Image found) {
    where = "image " + expected.index() + ", ";
    same("SHA-256 of the file", expected.fileSha256(), found.fileSha256());
    same("size", size(expected), size(found));
    sameIfKnown("mask", expected.mask(), found.mask());
    same("SHA-256 of the samples", expected.pixelsSha256(), found.pixelsSha256());
    same("SHA-256 of what the model took in", expected.preparedSha256(), found.preparedSha256());
  }

  private static String size(TraceEntry.Image image) {
    return "%dx%d, for the model %dx%d"
        .formatted(image.width(), image.height(), image.modelWidth(), image.modelHeight());
  }

  private void turn(TraceEntry.Turn expected, TraceEntry.Turn found) {
    where = "turn " + expected.index() + ", ";
    same("purpose", expected.purpose(), found.purpose());
    same("tokens of the prompt", expected.promptTokens(), found.promptTokens());
    same("tokens of pictures", expected.imageTokens(), found.imageTokens());
    same("seed", expected.seed(), found.seed());
    int common = Math.min(expected.tokens().size(), found.tokens().size());
    for (int i = 0; i < common && first.isEmpty(); i++) {
      if (!expected.tokens().get(i).equals(found.tokens().get(i))) {
        differs("token " + i, token(expected, i), token(found, i));
      }
      sameReal(
          "log-probability of token " + i, expected.logprobs().get(i), found.logprobs().get(i));
    }
    if (expected.tokens().size() != found.tokens().size()) {
      differs("token " + common, token(expected, common), token(found, common));
    }
    same("reason of its end", expected.finishReason(), found.finishReason());
  }

  private static String token(TraceEntry.Turn turn, int i) {
    return i < turn.tokens().size()
        ? "id %d (log-probability %s)".formatted(turn.tokens().get(i), turn.logprobs().get(i))
        : "the end, reason " + turn.finishReason();
  }

  private void step(TraceEntry.Step expected, TraceEntry.Step found) {
    where = "step " + expected.index() + ", ";
    same("kind", EntryWriter.name(expected.kind()), EntryWriter.name(found.kind()));
    same("turn", expected.turn(), found.turn());
    sameText("text", expected.text(), found.text());
    call(expected.call().orElse(null), found.call().orElse(null));
    result(expected.result().orElse(null), found.result().orElse(null));
    check(expected.check().orElse(null), found.check().orElse(null));
    same("places", expected.places(), found.places());
    same("sources", expected.sources(), found.sources());
    same("first token", expected.firstToken(), found.firstToken());
    same("end token", expected.endToken(), found.endToken());
  }

  private boolean bothPresent(String what, @Nullable Object expected, @Nullable Object found) {
    same(what, expected == null ? "none" : "one", found == null ? "none" : "one");
    return expected != null && found != null;
  }

  private void call(TraceEntry.@Nullable Call expected, TraceEntry.@Nullable Call found) {
    if (!bothPresent("call", expected, found) || expected == null || found == null) {
      return;
    }
    same("tool", expected.tool(), found.tool());
    sameJson("arguments", expected.arguments(), found.arguments());
    same("problem", expected.problem(), found.problem());
  }

  private void result(TraceEntry.@Nullable Result expected, TraceEntry.@Nullable Result found) {
    if (!bothPresent("result", expected, found) || expected == null || found == null) {
      return;
    }
    same("tool", expected.tool(), found.tool());
    same("status", EntryWriter.name(expected.status()), EntryWriter.name(found.status()));
    sameText("result", expected.text(), found.text());
    same("characters of the result", expected.characters(), found.characters());
    same("SHA-256 of the result", expected.sha256(), found.sha256());
    same("images", expected.images(), found.images());
  }

  private void check(TraceEntry.@Nullable Check expected, TraceEntry.@Nullable Check found) {
    if (!bothPresent("check", expected, found) || expected == null || found == null) {
      return;
    }
    sameText("question", expected.question(), found.question());
    sameIfKnown("images", expected.images(), found.images());
    same("number of candidates", expected.candidates().size(), found.candidates().size());
    for (int i = 0; i < expected.candidates().size() && first.isEmpty(); i++) {
      TraceEntry.Candidate one = expected.candidates().get(i);
      TraceEntry.Candidate other = found.candidates().get(i);
      sameText("candidate " + i, one.text(), other.text());
      same("agreement of candidate " + i, one.agrees(), other.agrees());
      sameReal("log-likelihood of candidate " + i, one.logLikelihood(), other.logLikelihood());
      sameReal("share of candidate " + i, one.share(), other.share());
    }
    same("chosen candidate", expected.chosen(), found.chosen());
  }

  private void claim(TraceEntry.Claim expected, TraceEntry.Claim found) {
    where = "claim " + expected.index() + ", ";
    same("section", expected.section(), found.section());
    sameText("text", expected.text(), found.text());
    same("status", EntryWriter.name(expected.status()), EntryWriter.name(found.status()));
    support(expected.support(), found.support());
    same("steps", expected.steps(), found.steps());
    same("places", expected.places(), found.places());
    same("sources", expected.sources(), found.sources());
    same("problems", expected.problems(), found.problems());
    sameIfKnown("entities", expected.entities(), found.entities());
  }

  /** Traces of before it was taken down say nothing of it. */
  private void sameIfKnown(String what, Optional<?> expected, Optional<?> found) {
    if (expected.isPresent()) {
      same(what, expected, found);
    }
  }

  private void support(OptionalDouble expected, OptionalDouble found) {
    if (exact || expected.isPresent() != found.isPresent()) {
      same("support", expected, found);
    }
  }

  private void outcome(TraceEntry.Outcome expected, TraceEntry.Outcome found) {
    where = "outcome, ";
    sameText("answer", expected.answer(), found.answer());
    same(
        "source of the answer",
        EntryWriter.name(expected.answerSource()),
        EntryWriter.name(found.answerSource()));
    same("reason of the end", expected.stopReason(), found.stopReason());
    same("turns", expected.turns(), found.turns());
    same("calls", expected.calls(), found.calls());
    same("notes", expected.notes(), found.notes());
  }
}
