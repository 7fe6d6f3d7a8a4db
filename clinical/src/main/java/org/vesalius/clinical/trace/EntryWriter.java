package org.vesalius.clinical.trace;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PixelMask;

/**
 * Entries of a trace as parsed JSON. Members are those of the records, in their order, and none is
 * left out: what is empty is null; only members that version 1 got later may be missing. A step's
 * kind is its entry's.
 */
final class EntryWriter {
  private final Map<String, @Nullable Object> members = new LinkedHashMap<>();

  private EntryWriter() {}

  static Map<String, @Nullable Object> write(TraceEntry entry) {
    return switch (entry) {
      case TraceEntry.Run run -> run(run);
      case TraceEntry.Image image -> image(image);
      case TraceEntry.Turn turn -> turn(turn);
      case TraceEntry.Step step -> step(step);
      case TraceEntry.Claim claim -> claim(claim);
      case TraceEntry.Outcome outcome -> outcome(outcome);
    };
  }

  /** How a constant is written. */
  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private EntryWriter with(String name, @Nullable Object value) {
    members.put(name, value);
    return this;
  }

  private EntryWriter with(String name, OptionalInt value) {
    return with(name, value.isPresent() ? (Object) value.getAsInt() : null);
  }

  private EntryWriter with(String name, long value) {
    return with(name, (Object) value);
  }

  private EntryWriter with(String name, double value) {
    return with(name, real(value));
  }

  private EntryWriter with(String name, OptionalDouble value) {
    return with(name, value.isPresent() ? real(value.getAsDouble()) : null);
  }

  private EntryWriter with(String name, Enum<?> value) {
    return with(name, (Object) name(value));
  }

  private <T> EntryWriter with(String name, List<T> values, Function<T, Object> writer) {
    return with(name, values.stream().map(writer).toList());
  }

  private <T> EntryWriter with(String name, Optional<T> value, Function<T, Object> writer) {
    return with(name, value.map(writer).orElse(null));
  }

  /** A member that traces of before it was known do not have: it is left out and not null. */
  private <T> EntryWriter later(String name, Optional<List<T>> values, Function<T, Object> writer) {
    return values.isPresent() ? with(name, values.get(), writer) : this;
  }

  private EntryWriter later(String name, Optional<String> value) {
    return value.isPresent() ? with(name, (Object) value.get()) : this;
  }

  /** JSON has no infinities. */
  private static Object real(double value) {
    return Double.isFinite(value) ? (Object) value : Double.toString(value);
  }

  private static Map<String, @Nullable Object> run(TraceEntry.Run run) {
    return new EntryWriter()
        .with("kind", "run")
        .with("id", run.id())
        .with("startedAt", run.startedAt().toString())
        .with("task", run.task())
        .with("model", model(run.model()))
        .with("tools", run.tools())
        .with("limits", run.limits())
        .with("sampling", run.sampling())
        .with("software", run.software())
        .with("platform", run.platform())
        .with("backend", run.backend())
        .members;
  }

  private static Object model(TracedModel model) {
    return new EntryWriter()
        .with("directory", model.directory())
        .with("family", model.family())
        .with("weightsSha256", model.weightsSha256())
        .with("configSha256", model.configSha256())
        .with("tokenizerSha256", model.tokenizerSha256())
        .with("templateSha256", model.templateSha256())
        .with("cacheFormat", model.cacheFormat())
        .with("weightFormat", model.weightFormat())
        .members;
  }

  private static Map<String, @Nullable Object> image(TraceEntry.Image image) {
    return new EntryWriter()
        .with("kind", "image")
        .with("index", image.index())
        .with("origin", image.origin())
        .with("frame", image.frame())
        .with("window", image.window())
        .with("parent", image.parent())
        .with("sourceWidth", image.sourceWidth())
        .with("sourceHeight", image.sourceHeight())
        .with("width", image.width())
        .with("height", image.height())
        .with("modelWidth", image.modelWidth())
        .with("modelHeight", image.modelHeight())
        .with("fileSha256", image.fileSha256())
        .with("pixelsSha256", image.pixelsSha256())
        .with("preparedSha256", image.preparedSha256())
        .with("png", image.png(), png -> Base64.getEncoder().encodeToString(png.copy()))
        .later("mask", image.mask(), EntryWriter::rectangle)
        .later("withheld", image.withheld())
        .members;
  }

  private static Object rectangle(PixelMask.Rectangle rectangle) {
    return new EntryWriter()
        .with("x1", rectangle.x1())
        .with("y1", rectangle.y1())
        .with("x2", rectangle.x2())
        .with("y2", rectangle.y2())
        .members;
  }

  private static Map<String, @Nullable Object> turn(TraceEntry.Turn turn) {
    return new EntryWriter()
        .with("kind", "turn")
        .with("index", turn.index())
        .with("purpose", turn.purpose())
        .with("promptTokens", turn.promptTokens())
        .with("imageTokens", turn.imageTokens())
        .with("tokens", turn.tokens())
        .with("logprobs", turn.logprobs(), EntryWriter::real)
        .with("finishReason", turn.finishReason())
        .with("seed", turn.seed())
        .with("firstTokenMillis", turn.firstTokenMillis())
        .with("millis", turn.millis())
        .members;
  }

  private static Map<String, @Nullable Object> step(TraceEntry.Step step) {
    return new EntryWriter()
        .with("kind", step.kind())
        .with("index", step.index())
        .with("turn", step.turn())
        .with("text", step.text())
        .with("places", step.places(), EntryWriter::place)
        .with("sources", step.sources(), EntryWriter::quote)
        .with("call", step.call(), EntryWriter::call)
        .with("result", step.result(), EntryWriter::result)
        .with("check", step.check(), EntryWriter::check)
        .with("firstToken", step.firstToken())
        .with("endToken", step.endToken())
        .with("startMillis", step.startMillis())
        .with("millis", step.millis())
        .members;
  }

  private static Object place(TracePlace place) {
    return new EntryWriter()
        .with("image", place.image())
        .with("kind", place.kind())
        .with("label", place.label())
        .with("pixels", place.pixels(), EntryWriter::real)
        .with("relative", place.relative(), EntryWriter::real)
        .with("millimetres", place.millimetres(), EntryWriter::real)
        .with("patient", place.patient(), EntryWriter::patient)
        .with("written", place.written())
        .members;
  }

  private static Object patient(TracePlace.PatientPlace patient) {
    return new EntryWriter()
        .with("space", patient.space())
        .with("points", patient.points(), EntryWriter::real)
        .members;
  }

  private static Object quote(SourceQuote quote) {
    return new EntryWriter()
        .with("source", quote.source())
        .with("title", quote.title())
        .with("quote", quote.quote())
        .with("start", quote.start())
        .with("end", quote.end())
        .with("sha256", quote.sha256())
        .members;
  }

  private static Object call(TraceEntry.Call call) {
    return new EntryWriter()
        .with("id", call.id())
        .with("tool", call.tool())
        .with("arguments", call.arguments())
        .with("problem", call.problem(), problem -> problem)
        .members;
  }

  private static Object result(TraceEntry.Result result) {
    return new EntryWriter()
        .with("id", result.id())
        .with("tool", result.tool())
        .with("status", result.status())
        .with("text", result.text())
        .with("characters", result.characters())
        .with("sha256", result.sha256())
        .with("images", result.images())
        .members;
  }

  private static Object check(TraceEntry.Check check) {
    return new EntryWriter()
        .with("question", check.question())
        .later("images", check.images(), image -> image)
        .with("candidates", check.candidates(), EntryWriter::candidate)
        .with("chosen", check.chosen())
        .members;
  }

  private static Object candidate(TraceEntry.Candidate candidate) {
    return new EntryWriter()
        .with("text", candidate.text())
        .with("logLikelihood", candidate.logLikelihood())
        .with("share", candidate.share())
        .with("agrees", candidate.agrees())
        .members;
  }

  private static Map<String, @Nullable Object> claim(TraceEntry.Claim claim) {
    return new EntryWriter()
        .with("kind", "claim")
        .with("index", claim.index())
        .with("section", claim.section())
        .with("text", claim.text())
        .with("status", claim.status())
        .with("support", claim.support())
        .with("steps", claim.steps())
        .with("places", claim.places(), EntryWriter::place)
        .with("sources", claim.sources(), EntryWriter::quote)
        .with("problems", claim.problems())
        .later("entities", claim.entities(), EntryWriter::entity)
        .members;
  }

  private static Object entity(NamedEntity entity) {
    return new EntryWriter()
        .with("id", entity.id())
        .with("name", entity.name())
        .with("start", entity.start())
        .with("end", entity.end())
        .members;
  }

  private static Map<String, @Nullable Object> outcome(TraceEntry.Outcome outcome) {
    return new EntryWriter()
        .with("kind", "outcome")
        .with("answer", outcome.answer())
        .with("answerSource", outcome.answerSource())
        .with("stopReason", outcome.stopReason())
        .with("turns", outcome.turns())
        .with("calls", outcome.calls())
        .with("millis", outcome.millis())
        .with("notes", outcome.notes())
        .members;
  }
}
