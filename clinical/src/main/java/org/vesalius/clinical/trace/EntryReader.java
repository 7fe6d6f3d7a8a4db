package org.vesalius.clinical.trace;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.trace.JsonMembers.Unexpected;
import org.vesalius.clinical.trace.TraceEntry.Step;

/** Entries of a trace from parsed JSON: what {@link EntryWriter} writes, and nothing else. */
final class EntryReader {
  private EntryReader() {}

  /**
   * Reads an entry.
   *
   * @throws Unexpected saying which member is not what it should be
   */
  static TraceEntry read(@Nullable Object json) {
    JsonMembers members = JsonMembers.of("entry", json);
    String kind = members.text("kind");
    TraceEntry entry;
    try {
      entry =
          switch (kind) {
            case "run" -> run(members);
            case "image" -> image(members);
            case "turn" -> turn(members);
            case "claim" -> claim(members);
            case "outcome" -> outcome(members);
            default -> step(members);
          };
    } catch (IllegalArgumentException e) {
      throw new Unexpected("entry", "a possible one", String.valueOf(e.getMessage()));
    }
    members.end();
    return entry;
  }

  private static TraceEntry run(JsonMembers json) {
    return new TraceEntry.Run(
        json.text("id"),
        instant(json),
        json.anyObject("task"),
        json.object("model", EntryReader::model),
        tools(json),
        json.anyObject("limits"),
        json.anyObject("sampling"),
        json.text("software"),
        json.text("platform"),
        json.text("backend"));
  }

  private static Instant instant(JsonMembers json) {
    try {
      return Instant.parse(json.text("startedAt"));
    } catch (DateTimeException _) {
      throw new Unexpected("startedAt", "a time such as 2026-01-31T12:00:00Z", "another string");
    }
  }

  @SuppressWarnings("NullAway") // definitions of tools hold no null where their type says so
  private static List<Map<String, Object>> tools(JsonMembers json) {
    return json.list("tools", (where, value) -> JsonMembers.anyObject(where, value));
  }

  private static TracedModel model(JsonMembers json) {
    return new TracedModel(
        json.text("directory"),
        json.text("family"),
        json.text("weightsSha256"),
        json.text("configSha256"),
        json.text("tokenizerSha256"),
        json.text("templateSha256"),
        json.text("cacheFormat"),
        json.text("weightFormat"));
  }

  private static TraceEntry image(JsonMembers json) {
    return new TraceEntry.Image(
        json.integer("index"),
        json.text("origin"),
        json.optionalInteger("frame"),
        json.text("window"),
        json.optionalInteger("parent"),
        json.integer("sourceWidth"),
        json.integer("sourceHeight"),
        json.integer("width"),
        json.integer("height"),
        json.integer("modelWidth"),
        json.integer("modelHeight"),
        json.text("fileSha256"),
        json.text("pixelsSha256"),
        json.text("preparedSha256"),
        json.optionalText("png").map(EntryReader::png),
        json.later("mask", name -> json.objects(name, EntryReader::rectangle)),
        json.later("withheld", json::text));
  }

  private static PixelMask.Rectangle rectangle(JsonMembers json) {
    return new PixelMask.Rectangle(
        json.integer("x1"), json.integer("y1"), json.integer("x2"), json.integer("y2"));
  }

  private static PngBytes png(String base64) {
    try {
      return new PngBytes(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException _) {
      throw new Unexpected("png", "base64", "another string");
    }
  }

  private static TraceEntry turn(JsonMembers json) {
    return new TraceEntry.Turn(
        json.integer("index"),
        json.text("purpose"),
        json.integer("promptTokens"),
        json.integer("imageTokens"),
        json.integers("tokens"),
        json.reals("logprobs"),
        json.text("finishReason"),
        json.whole("seed"),
        json.real("firstTokenMillis"),
        json.real("millis"));
  }

  private static TraceEntry step(JsonMembers json) {
    Step.Kind kind = json.constant("kind", Step.Kind.class);
    int index = json.integer("index");
    OptionalInt turn = json.optionalInteger("turn");
    return new Step(
        index,
        turn,
        kind,
        json.text("text"),
        json.objects("places", EntryReader::place),
        json.objects("sources", EntryReader::quote),
        json.optionalObject("call", EntryReader::call),
        json.optionalObject("result", EntryReader::result),
        json.optionalObject("check", EntryReader::check),
        json.integer("firstToken"),
        json.integer("endToken"),
        json.real("startMillis"),
        json.real("millis"));
  }

  private static TracePlace place(JsonMembers json) {
    return new TracePlace(
        json.integer("image"),
        json.constant("kind", TracePlace.Kind.class),
        json.text("label"),
        json.reals("pixels"),
        json.reals("relative"),
        json.reals("millimetres"),
        json.optionalObject("patient", EntryReader::patient),
        json.text("written"));
  }

  private static TracePlace.PatientPlace patient(JsonMembers json) {
    return new TracePlace.PatientPlace(json.text("space"), json.reals("points"));
  }

  private static SourceQuote quote(JsonMembers json) {
    return new SourceQuote(
        json.text("source"),
        json.text("title"),
        json.text("quote"),
        json.integer("start"),
        json.integer("end"),
        json.text("sha256"));
  }

  private static TraceEntry.Call call(JsonMembers json) {
    return new TraceEntry.Call(
        json.text("id"),
        json.text("tool"),
        json.anyObject("arguments"),
        json.optionalText("problem"));
  }

  private static TraceEntry.Result result(JsonMembers json) {
    return new TraceEntry.Result(
        json.text("id"),
        json.text("tool"),
        json.constant("status", TraceEntry.Result.Status.class),
        json.text("text"),
        json.whole("characters"),
        json.text("sha256"),
        json.integers("images"));
  }

  private static TraceEntry.Check check(JsonMembers json) {
    return new TraceEntry.Check(
        json.text("question"),
        json.later("images", json::integers),
        json.objects("candidates", EntryReader::candidate),
        json.integer("chosen"));
  }

  private static TraceEntry.Candidate candidate(JsonMembers json) {
    return new TraceEntry.Candidate(
        json.text("text"), json.real("logLikelihood"), json.real("share"), json.truth("agrees"));
  }

  private static TraceEntry claim(JsonMembers json) {
    return new TraceEntry.Claim(
        json.integer("index"),
        json.text("section"),
        json.text("text"),
        json.constant("status", TraceEntry.Claim.Status.class),
        json.optionalReal("support"),
        json.integers("steps"),
        json.objects("places", EntryReader::place),
        json.objects("sources", EntryReader::quote),
        json.texts("problems"),
        json.later("entities", name -> json.objects(name, EntryReader::entity)));
  }

  private static NamedEntity entity(JsonMembers json) {
    return new NamedEntity(
        json.text("id"), json.text("name"), json.integer("start"), json.integer("end"));
  }

  private static TraceEntry outcome(JsonMembers json) {
    return new TraceEntry.Outcome(
        json.text("answer"),
        json.constant("answerSource", AnswerSource.class),
        json.text("stopReason"),
        json.integer("turns"),
        calls(json),
        json.real("millis"),
        json.texts("notes"));
  }

  private static Map<String, Integer> calls(JsonMembers json) {
    Map<String, Integer> calls = new LinkedHashMap<>();
    json.anyObject("calls")
        .forEach((tool, count) -> calls.put(tool, JsonMembers.integer("calls." + tool, count)));
    return calls;
  }
}
