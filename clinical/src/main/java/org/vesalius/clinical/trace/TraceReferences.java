package org.vesalius.clinical.trace;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.trace.Verification.Problem;
import org.vesalius.runtime.vision.image.ImageDecoder;
import org.vesalius.runtime.vision.image.ImageFormatException;
import org.vesalius.runtime.vision.image.RasterImage;

/** Whether what a trace points to is there, and its pictures are those that were hashed. */
final class TraceReferences {
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  private final DecisionTrace trace;
  private final List<TraceEntry.Turn> turns;
  private final int images;
  private final int steps;
  private final List<Problem> problems;
  private int line;

  private TraceReferences(DecisionTrace trace, List<Problem> problems) {
    this.trace = trace;
    this.turns = trace.turns();
    this.images = trace.images().size();
    this.steps = trace.steps().size();
    this.problems = problems;
  }

  static void check(DecisionTrace trace, List<Problem> problems) {
    TraceReferences check = new TraceReferences(trace, problems);
    check.numbered(TraceEntry.Image.class, TraceEntry.Image::index);
    check.numbered(TraceEntry.Turn.class, TraceEntry.Turn::index);
    check.numbered(TraceEntry.Step.class, TraceEntry.Step::index);
    check.numbered(TraceEntry.Claim.class, TraceEntry.Claim::index);
    Set<String> calls = new HashSet<>();
    for (int i = 0; i < trace.entries().size(); i++) {
      check.line = i + TraceLines.FIRST_LINE;
      switch (trace.entries().get(i)) {
        case TraceEntry.Image image -> check.image(image);
        case TraceEntry.Step step -> check.step(step, calls);
        case TraceEntry.Claim claim -> check.claim(claim);
        case TraceEntry.Run _, TraceEntry.Turn _, TraceEntry.Outcome _ -> {}
      }
    }
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      problems.add(new Problem(line, what));
    }
  }

  private <T extends TraceEntry> void numbered(Class<T> kind, ToIntFunction<T> index) {
    int expected = 0;
    for (int i = 0; i < trace.entries().size(); i++) {
      if (kind.isInstance(trace.entries().get(i))) {
        line = i + TraceLines.FIRST_LINE;
        int found = index.applyAsInt(kind.cast(trace.entries().get(i)));
        expect(found == expected, "index: expected %d, found %d".formatted(expected, found));
        expected++;
      }
    }
  }

  private void index(String what, int found, int size) {
    expect(
        found >= 0 && found < size,
        "%s: expected one of %d, found number %d".formatted(what, size, found));
  }

  private void image(TraceEntry.Image image) {
    image.parent().ifPresent(parent -> index("parent, an earlier image", parent, image.index()));
    image.png().ifPresent(png -> pixels(image, png));
    image.mask().stream().flatMap(List::stream).forEach(black -> inSource(image, black));
    expect(
        image.png().isEmpty() || image.withheld().isEmpty(),
        "withheld: expected no picture beside it");
  }

  private void inSource(TraceEntry.Image image, PixelMask.Rectangle black) {
    expect(
        black.x2() <= image.sourceWidth() && black.y2() <= image.sourceHeight(),
        "mask: expected a rectangle inside of the source, found " + black);
  }

  private void pixels(TraceEntry.Image image, PngBytes png) {
    byte[] bytes = png.copy();
    if (!isPng(bytes)) {
      expect(false, "png: expected one, found another format");
      return;
    }
    RasterImage pixels;
    try {
      long area =
          Math.clamp((long) image.width() * image.height(), 1, ImageDecoder.DEFAULT_MAX_PIXELS);
      pixels = ImageDecoder.decode(bytes, "png", area);
    } catch (ImageFormatException _) {
      expect(false, "png: expected one of %dx%d".formatted(image.width(), image.height()));
      return;
    }
    expect(
        pixels.width() == image.width() && pixels.height() == image.height(),
        "png: expected %dx%d, found %dx%d"
            .formatted(image.width(), image.height(), pixels.width(), pixels.height()));
    expect(
        PixelHash.of(pixels).equals(image.pixelsSha256()),
        "png: its samples are not those of pixelsSha256");
  }

  /** No other format is read here: a trace is not a place to try decoders. */
  private static boolean isPng(byte[] bytes) {
    return bytes.length > PNG.length && Arrays.equals(PNG, 0, PNG.length, bytes, 0, PNG.length);
  }

  private void step(TraceEntry.Step step, Set<String> calls) {
    step.turn().ifPresent(turn -> index("turn", turn, turns.size()));
    int turn = step.turn().orElse(-1);
    boolean known = turn >= 0 && turn < turns.size();
    int tokens = known ? turns.get(turn).tokens().size() : 0;
    expect(
        0 <= step.firstToken()
            && step.firstToken() <= step.endToken()
            && (known ? step.endToken() <= tokens : step.firstToken() == step.endToken()),
        "tokens: expected a range of the turn's %d, found %d to %d"
            .formatted(tokens, step.firstToken(), step.endToken()));
    present("call", step.call(), step, TraceEntry.Step.Kind.TOOL_CALL);
    present("result", step.result(), step, TraceEntry.Step.Kind.TOOL_RESULT);
    present("check", step.check(), step, TraceEntry.Step.Kind.CHECK);
    step.call().ifPresent(call -> calls.add(call.id()));
    step.result().ifPresent(result -> result(result, calls));
    step.check().ifPresent(this::check);
    step.places().forEach(this::place);
  }

  private void present(
      String what, Optional<?> part, TraceEntry.Step step, TraceEntry.Step.Kind kind) {
    expect(
        part.isPresent() == (step.kind() == kind),
        "%s: expected in a step of kind %s and in no other"
            .formatted(what, EntryWriter.name(kind)));
  }

  private void result(TraceEntry.Result result, Set<String> calls) {
    expect(calls.contains(result.id()), "result: expected the id of an earlier call");
    result.images().forEach(image -> index("image", image, images));
  }

  private void check(TraceEntry.Check check) {
    index("chosen candidate", check.chosen(), check.candidates().size());
    check.images().ifPresent(asked -> asked.forEach(image -> index("image", image, images)));
  }

  private void place(TracePlace place) {
    index("image", place.image(), images);
    expect(
        place.pixels().stream().allMatch(Double::isFinite)
            && place.relative().stream().allMatch(Double::isFinite),
        "place: expected finite coordinates");
  }

  private void claim(TraceEntry.Claim claim) {
    claim.steps().forEach(step -> index("step", step, steps));
    claim.places().forEach(this::place);
    claim.entities().stream().flatMap(List::stream).forEach(entity -> named(entity, claim.text()));
  }

  private void named(NamedEntity entity, String text) {
    expect(
        entity.end() <= text.length(),
        "entity: expected a span of the claim's %d characters, found one up to %d"
            .formatted(text.length(), entity.end()));
  }
}
