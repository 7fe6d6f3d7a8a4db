package org.vesalius.runtime.observe;

import java.util.List;
import java.util.Optional;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;

/** What an engine would tell of some requests. */
public final class Runs {
  /** A request with a name of its caller's. */
  public static final ObservedRequest NAMED = new ObservedRequest(1, "ward-7");

  /** A request without one. */
  public static final ObservedRequest NUMBERED = new ObservedRequest(2, "2");

  private Runs() {}

  /** An end. */
  public static RequestOutcome outcome(Optional<FinishReason> reason, Optional<String> error) {
    return new RequestOutcome(
        reason,
        error,
        new Generation.Usage(800, 256, 40, 640, new DraftAcceptance(5, 30, 21)),
        new Generation.Timings(1_000, 600_000, 2_000, 3_000, 4_000_000, 5_000_000),
        9_000_000);
  }

  /** A step that reads a part of a prompt and decodes for another request. */
  public static EngineStep mixedStep() {
    return new EngineStep(List.of(new PromptChunk(NAMED, 0, 512, 800)), List.of(NUMBERED), 4);
  }

  /** A step that decodes for both. */
  public static EngineStep decodeStep() {
    return new EngineStep(List.of(), List.of(NAMED, NUMBERED), 2);
  }

  /** A model is opened, one request ends and the other fails. */
  public static void play(EngineObserver observer) {
    observer.loadBegins("phantom-vl");
    observer.loadEnds(new ModelLoad("Qwen2.5-VL", "reference", 123L << 20, Optional.empty()), 70);
    observer.queued(NAMED);
    observer.population(1, 0);
    observer.queued(NUMBERED);
    observer.population(2, 0);
    observer.started(NAMED, 800, 640, 600_000);
    observer.population(1, 1);
    observer.visionBegins(NAMED, 0);
    observer.visionEnds(NAMED, new VisionWork(0, 256, false), 2_000_000);
    observer.visionBegins(NAMED, 1);
    observer.visionEnds(NAMED, new VisionWork(1, 256, true), 1_000);
    observer.started(NUMBERED, 20, 0, 700_000);
    observer.population(0, 2);
    observer.stepBegins(mixedStep());
    observer.stepEnds(mixedStep(), 30_000_000);
    observer.cache(new CacheUse(30, 20, 5, 100));
    observer.firstToken(NAMED, 5_000_000);
    observer.stepBegins(decodeStep());
    observer.stepEnds(decodeStep(), 10_000_000);
    observer.tokens(NAMED, 1, 10_000_000);
    observer.tokens(NUMBERED, 4, 20_000_000);
    observer.preempted(NUMBERED);
    observer.population(1, 1);
    observer.finished(NAMED, outcome(Optional.of(FinishReason.STOP), Optional.empty()));
    observer.population(1, 0);
    observer.resumed(NUMBERED, 16);
    observer.population(0, 1);
    observer.finished(NUMBERED, outcome(Optional.empty(), Optional.of("NumericalException")));
    observer.population(0, 0);
    observer.cache(new CacheUse(0, 0, 35, 100));
  }
}
