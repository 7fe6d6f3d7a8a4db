package org.vesalius.clinical.trace;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.trace.TraceEntry.Step;

/** A trace that has the same text wherever a trace can have one. */
final class Hostile {
  private Hostile() {}

  static DecisionTrace trace(String text) {
    String name = text.replace("\ud800", ""); // names of members cannot have it
    Map<String, Object> json = Map.of(name, List.of(text, Map.of("x", text)));
    TraceEntry.Run run =
        new TraceEntry.Run(
            text,
            Instant.EPOCH,
            json,
            new TracedModel(text, text, text, text, text, text, text, text),
            List.of(json),
            json,
            json,
            text,
            text,
            text);
    TraceEntry.Image image =
        new TraceEntry.Image(
            0,
            text,
            OptionalInt.of(1),
            text,
            OptionalInt.empty(),
            4,
            4,
            4,
            4,
            4,
            4,
            text,
            text,
            text,
            Optional.of(new PngBytes(new byte[] {'<', 's', 'c', 'r', 'i', 'p', 't', '>'})),
            Optional.of(List.of(new PixelMask.Rectangle(0, 0, 1, 1))),
            Optional.of(text));
    TraceEntry.Turn turn =
        new TraceEntry.Turn(0, text, 1, 1, List.of(1), List.of(-1.0), text, 1, 1, 1);
    TraceEntry.Claim claim =
        new TraceEntry.Claim(
            0,
            text,
            text,
            TraceEntry.Claim.Status.UNSUPPORTED,
            OptionalDouble.of(Double.NaN),
            List.of(0),
            List.of(place(text)),
            List.of(quote(text)),
            List.of(text),
            Optional.of(List.of(new NamedEntity(text, text, 0, 1_000_000))));
    TraceEntry.Outcome outcome =
        new TraceEntry.Outcome(
            text, AnswerSource.MODEL, text, 1, Map.of(name, 1), 1, List.of(text));
    return new DecisionTrace(List.of(run, image, turn, step(text), claim, outcome));
  }

  private static Step step(String text) {
    return new Step(
        0,
        OptionalInt.of(0),
        Step.Kind.OBSERVE,
        text,
        List.of(place(text)),
        List.of(quote(text)),
        Optional.of(new TraceEntry.Call(text, text, Map.of("x", text), Optional.of(text))),
        Optional.of(
            new TraceEntry.Result(
                text, text, TraceEntry.Result.Status.FAILED, text, 1_000, text, List.of(0, 5))),
        Optional.of(
            new TraceEntry.Check(
                text,
                Optional.of(List.of(0, -3)),
                List.of(new TraceEntry.Candidate(text, Double.NaN, Double.NaN, true)),
                0)),
        0,
        1,
        1,
        1);
  }

  private static TracePlace place(String text) {
    return new TracePlace(
        0,
        TracePlace.Kind.POINT,
        text,
        List.of(1.0, 1.0),
        List.of(Double.POSITIVE_INFINITY, -1.0),
        List.of(),
        Optional.of(new TracePlace.PatientPlace(text, List.of())),
        text);
  }

  private static SourceQuote quote(String text) {
    return new SourceQuote(text, text, text, 0, text.length(), text);
  }
}
