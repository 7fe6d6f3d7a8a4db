package org.vesalius.clinical.trace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.Placement;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.trace.TraceEntry.Call;
import org.vesalius.clinical.trace.TraceEntry.Candidate;
import org.vesalius.clinical.trace.TraceEntry.Check;
import org.vesalius.clinical.trace.TraceEntry.Claim;
import org.vesalius.clinical.trace.TraceEntry.Image;
import org.vesalius.clinical.trace.TraceEntry.Outcome;
import org.vesalius.clinical.trace.TraceEntry.Result;
import org.vesalius.clinical.trace.TraceEntry.Run;
import org.vesalius.clinical.trace.TraceEntry.Step;
import org.vesalius.clinical.trace.TraceEntry.Turn;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.ImageDecoder;
import org.vesalius.runtime.vision.image.RasterImage;

/** Traces for tests: one of every kind of thing that a run can have, as a run could have it. */
final class SampleTraces {
  private static final String SENTENCE = "Nodules of 6 mm and more deserve attention in follow-up.";

  private static final DecisionTrace CHEST = build();

  private SampleTraces() {}

  static String hash(String of) {
    return Sha256.hex(of.getBytes(StandardCharsets.UTF_8));
  }

  /** The demo's phantom with several findings, looked at twice. */
  static DecisionTrace chest() {
    return CHEST;
  }

  private static DecisionTrace build() {
    PlacedPicture whole = phantom();
    PlacedPicture crop = whole.cropped(94, 62, 64, 64).resized(256, 256, Filter.BICUBIC);
    List<TraceEntry> entries = new ArrayList<>();
    entries.add(run());
    entries.add(image(0, "several.png", OptionalInt.empty(), whole));
    entries.add(turn(0, "agent", 212, 144, 46));
    entries.add(
        think(
            0,
            0,
            "Both lungs are seen. A round density lies in the upper zone; I look closer.",
            0,
            20));
    entries.add(call(1, 0, 20, 46));
    entries.add(image(1, "zoom of image 0", OptionalInt.of(0), crop));
    entries.add(result(2));
    entries.add(turn(1, "agent", 330, 208, 62));
    entries.add(observe(3, 1, 0, 24));
    entries.add(conclude(4, 1, 24, 62));
    entries.add(check(5));
    entries.addAll(claims());
    entries.add(outcome());
    return new DecisionTrace(entries);
  }

  static PlacedPicture phantom() {
    try (InputStream in = DemoModel.class.getResourceAsStream("examples/several.png")) {
      if (in == null) {
        throw new IllegalStateException("the demo has no several.png");
      }
      RasterImage pixels = ImageDecoder.decode(in.readAllBytes(), "several.png");
      return PlacedPicture.of(
          pixels, PixelTransform.of(pixels.width(), pixels.height()), Placement.UNKNOWN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Run run() {
    Map<String, Object> zoom =
        Map.of(
            "type",
            "function",
            "function",
            Map.of(
                "name",
                "zoom",
                "description",
                "Cuts out a part.",
                "parameters",
                Map.of("type", "object")));
    return new Run(
        "3f9b8c1e-77aa-4d0e-9d52-000000000001",
        Instant.parse("2026-02-14T09:30:00.123456Z"),
        json("kind", "report", "language", "en", "question", "Write a report. \u5199\u62a5\u544a"),
        new TracedModel(
            "models/demo",
            "qwen3_vl (demo)",
            hash("weights"),
            hash("config"),
            hash("tokenizer"),
            hash("template"),
            "bf16",
            "as stored"),
        List.of(zoom),
        json("maxTurns", 30, "maxNewTokens", 512, "wallMillis", null),
        json("temperature", 0.7, "topP", 1.0, "seed", 42L << 33),
        "vesalius 0.1.0",
        "JDK 25.0.3, Linux, amd64",
        "reference");
  }

  @SuppressWarnings("NullAway") // it does not see in class files that values may be null
  static Map<String, Object> json(@Nullable Object... namesAndValues) {
    Map<String, Object> json = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      json.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
    }
    return json;
  }

  static Image image(int index, String origin, OptionalInt parent, PlacedPicture picture) {
    return new Image(
        index,
        origin,
        OptionalInt.empty(),
        "",
        parent,
        336,
        336,
        picture.image().width(),
        picture.image().height(),
        168,
        168,
        parent.isEmpty() ? hash("file") : "",
        PixelHash.of(picture.image()),
        hash("prepared " + index),
        Optional.of(PngBytes.of(picture.image())),
        Optional.empty(),
        Optional.empty());
  }

  static Turn turn(int index, String purpose, int prompt, int images, int count) {
    List<Integer> tokens = new ArrayList<>();
    List<Double> logprobs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tokens.add((i * 7919 + index) % 512);
      logprobs.add(-Math.abs(Math.sin(i + index)) / 3);
    }
    return new Turn(
        index, purpose, prompt, images, tokens, logprobs, "stop", 42L + index, 81.25, 412.5);
  }

  private static Step step(
      int index, int turn, Step.Kind kind, String text, List<TracePlace> places, int from, int to) {
    return new Step(
        index,
        turn < 0 ? OptionalInt.empty() : OptionalInt.of(turn),
        kind,
        text,
        places,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        from,
        to,
        100.0 * index,
        88.5);
  }

  private static Step think(int index, int turn, String text, int from, int to) {
    return step(index, turn, Step.Kind.THINK, text, List.of(), from, to);
  }

  private static Step observe(int index, int turn, int from, int to) {
    return step(
        index,
        turn,
        Step.Kind.OBSERVE,
        "The density is round with a sharp edge; below it the lung is hazy.",
        List.of(nodule(), consolidation(), noduleInCrop()),
        from,
        to);
  }

  private static Step conclude(int index, int turn, int from, int to) {
    return step(index, turn, Step.Kind.CONCLUDE, answer(), List.of(), from, to);
  }

  private static Step with(
      Step step, Optional<Call> call, Optional<Result> result, Optional<Check> check) {
    return new Step(
        step.index(),
        step.turn(),
        step.kind(),
        step.text(),
        step.places(),
        step.sources(),
        call,
        result,
        check,
        step.firstToken(),
        step.endToken(),
        step.startMillis(),
        step.millis());
  }

  private static Step call(int index, int turn, int from, int to) {
    Map<String, Object> arguments =
        json("image", 0, "bbox_2d", List.of(280, 185, 470, 375), "label", "nodule");
    return with(
        step(index, turn, Step.Kind.TOOL_CALL, "", List.of(), from, to),
        Optional.of(new Call("call-0", "zoom", arguments, Optional.empty())),
        Optional.empty(),
        Optional.empty());
  }

  private static Step result(int index) {
    String text = "Image 1 shows x 94 to 158, y 62 to 126 of image 0.";
    return with(
        step(index, -1, Step.Kind.TOOL_RESULT, "", List.of(), 0, 0),
        Optional.empty(),
        Optional.of(
            new Result(
                "call-0", "zoom", Result.Status.OK, text, text.length(), hash(text), List.of(1))),
        Optional.empty());
  }

  private static Step check(int index) {
    Check check =
        new Check(
            "Is there a nodule in the right upper zone?",
            Optional.of(List.of(0)),
            List.of(
                new Candidate("Yes, in the right upper zone.", -0.31, 0.938, true),
                new Candidate("No.", -3.1, 0.062, false),
                new Candidate("It cannot be said.", Double.NEGATIVE_INFINITY, 0, false)),
            0);
    return with(
        step(index, -1, Step.Kind.CHECK, "", List.of(), 0, 0),
        Optional.empty(),
        Optional.empty(),
        Optional.of(check));
  }

  static TracePlace nodule() {
    return box(0, "nodule", 107, 75, 145, 113, 336, "<bbox>318 223 431 336</bbox>");
  }

  static TracePlace consolidation() {
    return box(0, "consolidation", 78, 128, 152, 186, 336, "<bbox>232 381 452 554</bbox>");
  }

  private static TracePlace noduleInCrop() {
    return new TracePlace(
        1,
        TracePlace.Kind.POLYGON,
        "edge of the nodule",
        List.of(110.0, 80.0, 144.0, 80.0, 144.0, 110.0, 110.0, 110.0),
        List.of(0.25, 0.28125, 0.78125, 0.28125, 0.78125, 0.75, 0.25, 0.75),
        List.of(77.0, 56.0, 100.8, 56.0, 100.8, 77.0, 77.0, 77.0),
        Optional.of(
            new TracePlace.PatientPlace(
                "LPS", List.of(-60.0, 12.5, -0.0, 1e-9, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0))),
        "");
  }

  static TracePlace box(
      int image,
      String label,
      double x0,
      double y0,
      double x1,
      double y1,
      double side,
      String raw) {
    List<Double> pixels = List.of(x0, y0, x1, y1);
    return new TracePlace(
        image,
        TracePlace.Kind.BOX,
        label,
        pixels,
        pixels.stream().map(v -> v / side).toList(),
        List.of(),
        Optional.empty(),
        raw);
  }

  private static String answer() {
    return """
    Findings: There is a nodule in the right upper zone. There is consolidation in the right \
    mid zone. No pleural effusion. A central line is in place on the right.
    Impression: 1. Right upper nodule; follow-up is advised. 2. Right mid consolidation.\
    """;
  }

  private static List<Claim> claims() {
    SourceQuote quote =
        new SourceQuote(
            "nodules.md",
            "Nodules, a sample page",
            SENTENCE,
            120,
            120 + SENTENCE.length(),
            hash("document"));
    return List.of(
        claim(0, "findings", "There is a nodule in the right upper zone.", Claim.Status.SUPPORTED)
            .of(0.938, List.of(3, 5), List.of(nodule()), List.of(), List.of()),
        claim(
                1,
                "findings",
                "There is consolidation in the right mid zone.",
                Claim.Status.UNCERTAIN)
            .of(0.58, List.of(3), List.of(consolidation()), List.of(), List.of()),
        claim(2, "findings", "No pleural effusion.", Claim.Status.UNSUPPORTED)
            .of(
                0.04,
                List.of(),
                List.of(box(0, "effusion", 200, 226, 304, 292, 336, "")),
                List.of(),
                List.of("The second look says: yes, small, on the left.")),
        claim(3, "findings", "A central line is in place on the right.", Claim.Status.UNCHECKED)
            .of(-1, List.of(), List.of(), List.of(), List.of()),
        claim(4, "impression", "Right upper nodule; follow-up is advised.", Claim.Status.SUPPORTED)
            .of(0.91, List.of(4), List.of(nodule()), List.of(quote), List.of()));
  }

  /** A claim without what carries it. */
  private record Statement(int index, String section, String text, Claim.Status status) {
    Claim of(
        double support,
        List<Integer> steps,
        List<TracePlace> places,
        List<SourceQuote> sources,
        List<String> problems) {
      OptionalDouble known = support < 0 ? OptionalDouble.empty() : OptionalDouble.of(support);
      return new Claim(
          index,
          section,
          text,
          status,
          known,
          steps,
          places,
          sources,
          problems,
          Optional.of(entities(text)));
    }
  }

  private static List<NamedEntity> entities(String text) {
    int start = text.indexOf("nodule");
    return start < 0
        ? List.of()
        : List.of(new NamedEntity("RID50149", "pulmonary nodule", start, start + 6));
  }

  private static Statement claim(int index, String section, String text, Claim.Status status) {
    return new Statement(index, section, text, status);
  }

  private static Outcome outcome() {
    return new Outcome(
        answer(),
        AnswerSource.MODEL,
        "answered",
        2,
        Map.of("zoom", 1),
        912.75,
        List.of("One sentence of the answer is contradicted by the second look."));
  }

  /** The smallest trace with a turn, so that every byte of it can be tried. */
  static DecisionTrace small() {
    Turn turn = new Turn(0, "agent", 3, 0, List.of(7, 8), List.of(-0.5, -0.0), "stop", 1, 2.0, 3.0);
    Outcome outcome =
        new Outcome("\u6b63\u5e38 ok", AnswerSource.MODEL, "answered", 1, Map.of(), 4.0, List.of());
    Run run =
        new Run(
            "r",
            Instant.EPOCH,
            Map.of(),
            new TracedModel("d", "f", "", "", "", "", "c", "w"),
            List.of(),
            Map.of(),
            Map.of("seed", 1),
            "s",
            "p",
            "b");
    return new DecisionTrace(List.of(run, turn, outcome));
  }
}
