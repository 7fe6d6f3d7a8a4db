package org.vesalius.clinical.agent;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.vesalius.clinical.imaging.geometry.PixelTransform;
import org.vesalius.clinical.trace.DecisionTrace;
import org.vesalius.clinical.trace.NamedEntity;
import org.vesalius.clinical.trace.PixelHash;
import org.vesalius.clinical.trace.PngBytes;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TraceEntry.Step.Kind;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.PreparedPicture;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.vision.image.RasterImage;

/** Takes down what a run does, while it does it. Used by one thread at a time. */
public final class TraceRecorder {
  private static final long KEPT_PIXELS = 4_194_304;
  private static final long KEPT_BYTES = 48L << 20;

  private final Instant startedAt = Instant.now();
  private final long begin = System.nanoTime();
  private final boolean keepPictures;
  private final boolean showBurnedIn;
  private final List<TraceEntry> entries = new ArrayList<>();
  private final List<AgentImage> images = new ArrayList<>();
  private final Map<Path, String> hashes = new HashMap<>();
  private long keptBytes;
  private int turns;
  private int steps;
  private int claims;

  /**
   * An empty one; the run begins now. Pictures in which text is to be expected that may name the
   * patient are left out.
   *
   * @param keepPictures whether the trace holds the pictures themselves beside their hashes
   */
  public TraceRecorder(boolean keepPictures) {
    this(keepPictures, false);
  }

  /**
   * An empty one; the run begins now.
   *
   * @param keepPictures whether the trace holds the pictures themselves beside their hashes
   * @param showBurnedIn whether those too in which text is to be expected that may name the patient
   */
  public TraceRecorder(boolean keepPictures, boolean showBurnedIn) {
    this.keepPictures = keepPictures;
    this.showBurnedIn = showBurnedIn;
  }

  /** When the run began. */
  public Instant startedAt() {
    return startedAt;
  }

  /** Milliseconds since the run began. */
  public double millis() {
    return (System.nanoTime() - begin) / 1e6;
  }

  /** The pictures so far, by index. */
  public List<AgentImage> images() {
    return List.copyOf(images);
  }

  /** Adds pictures, each with how the model sees it. */
  public void images(List<AgentImage> added, List<PreparedPicture> prepared) {
    for (int i = 0; i < added.size(); i++) {
      image(added.get(i), prepared.get(i));
    }
  }

  private void image(AgentImage image, PreparedPicture prepared) {
    int index = images.size();
    PixelTransform transform = image.picture().transform();
    boolean made = image.parent().isPresent();
    Optional<String> withheld = showBurnedIn ? Optional.empty() : image.withheld();
    entries.add(
        new TraceEntry.Image(
            index,
            image.origin(),
            image.medical().map(m -> OptionalInt.of(m.index() + 1)).orElse(OptionalInt.empty()),
            image.window(),
            image.parent(),
            transform.sourceWidth(),
            transform.sourceHeight(),
            transform.width(),
            transform.height(),
            prepared.transform().modelWidth(),
            prepared.transform().modelHeight(),
            made ? "" : image.file().map(this::hash).orElse(""),
            PixelHash.of(image.picture().image()),
            prepared.sha256(),
            withheld.isPresent() ? Optional.empty() : png(image.picture().image()),
            image.hidden().isEmpty() ? Optional.empty() : Optional.of(image.hidden()),
            withheld));
    images.add(image);
  }

  /** Each file once, of however many frames. */
  private String hash(Path file) {
    return hashes.computeIfAbsent(file, Digests::sha256);
  }

  /** Empty for a large picture, and once all pictures together would make the trace unwieldy. */
  private Optional<PngBytes> png(RasterImage picture) {
    if (!keepPictures || (long) picture.width() * picture.height() > KEPT_PIXELS) {
      return Optional.empty();
    }
    PngBytes png = PngBytes.of(picture);
    if (keptBytes + png.size() > KEPT_BYTES) {
      return Optional.empty();
    }
    keptBytes += png.size();
    return Optional.of(png);
  }

  /** Adds an answer of the model; its index. The request must have asked for log-probabilities. */
  public int turn(String purpose, Generation generation) {
    entries.add(
        new TraceEntry.Turn(
            turns,
            purpose,
            generation.usage().promptTokens(),
            generation.usage().imageTokens(),
            generation.tokenIds(),
            generation.logprobs().stream().map(token -> token.chosen().logprob()).toList(),
            generation.finishReason().name().toLowerCase(Locale.ROOT),
            generation.seed(),
            generation.timings().firstTokenNanos() / 1e6,
            (generation.timings().firstTokenNanos() + generation.timings().decodeNanos()) / 1e6));
    return turns++;
  }

  /**
   * Adds words of a turn: what was thought or concluded; the step's index.
   *
   * @param tokens of the turn that wrote them
   */
  public int words(int turn, Kind kind, String text, TokenRange tokens, double startMillis) {
    return step(
        OptionalInt.of(turn),
        kind,
        text,
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        tokens,
        startMillis);
  }

  /** Adds places that a turn named; indices of the steps. */
  public List<Integer> observations(
      int turn, List<Region> regions, TokenRange tokens, double startMillis) {
    List<Integer> indices = new ArrayList<>();
    for (Region region : regions) {
      if (region.image().isPresent() && region.image().getAsInt() < images.size()) {
        int index = region.image().getAsInt();
        indices.add(
            step(
                OptionalInt.of(turn),
                Kind.OBSERVE,
                region.label(),
                List.of(Places.of(images.get(index), index, region)),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                tokens,
                startMillis));
      }
    }
    return indices;
  }

  /** Adds a call; the step's index. */
  public int call(int turn, TraceEntry.Call call, TokenRange tokens, double startMillis) {
    return step(
        OptionalInt.of(turn),
        Kind.TOOL_CALL,
        "",
        List.of(),
        List.of(),
        Optional.of(call),
        Optional.empty(),
        Optional.empty(),
        tokens,
        startMillis);
  }

  /** Adds a result; the step's index. */
  public int result(
      OptionalInt turn,
      TraceEntry.Result result,
      List<TracePlace> places,
      List<SourceQuote> sources,
      double startMillis) {
    return step(
        turn,
        Kind.TOOL_RESULT,
        "",
        places,
        sources,
        Optional.empty(),
        Optional.of(result),
        Optional.empty(),
        TokenRange.NONE,
        startMillis);
  }

  /**
   * Adds a question whose answers were weighed; the step's index.
   *
   * @param about which pictures were asked about, for people
   */
  public int check(TraceEntry.Check check, String about, double startMillis) {
    return step(
        OptionalInt.empty(),
        Kind.CHECK,
        about,
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(check),
        TokenRange.NONE,
        startMillis);
  }

  /** Adds a claim; its index. */
  public int claim(
      String section,
      String text,
      TraceEntry.Claim.Status status,
      OptionalDouble support,
      List<Integer> carriedBy,
      List<TracePlace> places,
      List<SourceQuote> sources,
      List<String> problems,
      Optional<List<NamedEntity>> entities) {
    entries.add(
        new TraceEntry.Claim(
            claims, section, text, status, support, carriedBy, places, sources, problems,
            entities));
    return claims++;
  }

  /** The trace of a run that has ended. */
  public DecisionTrace finish(TraceEntry.Run run, TraceEntry.Outcome outcome) {
    List<TraceEntry> all = new ArrayList<>(entries.size() + 2);
    all.add(run);
    all.addAll(entries);
    all.add(outcome);
    return new DecisionTrace(all);
  }

  private int step(
      OptionalInt turn,
      Kind kind,
      String text,
      List<TracePlace> places,
      List<SourceQuote> sources,
      Optional<TraceEntry.Call> call,
      Optional<TraceEntry.Result> result,
      Optional<TraceEntry.Check> check,
      TokenRange tokens,
      double startMillis) {
    entries.add(
        new TraceEntry.Step(
            steps,
            turn,
            kind,
            text,
            places,
            sources,
            call,
            result,
            check,
            tokens.first(),
            tokens.end(),
            startMillis,
            millis() - startMillis));
    return steps++;
  }

  /**
   * Tokens of a turn.
   *
   * @param first of them
   * @param end after the last
   */
  public record TokenRange(int first, int end) {
    /** No token at all. */
    public static final TokenRange NONE = new TokenRange(0, 0);
  }
}
