package org.vesalius.runtime.observe.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.observe.CacheUse;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.EngineStep;
import org.vesalius.runtime.observe.ModelLoad;
import org.vesalius.runtime.observe.ObservedRequest;
import org.vesalius.runtime.observe.RequestOutcome;
import org.vesalius.runtime.observe.VisionWork;

/**
 * Keeps metrics of one engine in a Micrometer registry, of which {@code docs/observability.md} has
 * the list. Needs {@code io.micrometer:micrometer-core} beside this library. Closing takes the
 * meters out of the registry.
 */
public final class MicrometerMetrics implements EngineObserver, AutoCloseable {
  private static final String ERROR = "error";

  private final MeterRegistry registry;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();

  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger usedPages = new AtomicInteger();
  private final AtomicInteger sharedPages = new AtomicInteger();
  private final AtomicInteger idlePages = new AtomicInteger();
  private final AtomicInteger totalPages = new AtomicInteger();

  private final Map<String, Counter> endings;
  private final Map<String, Timer> steps;
  private final Timer load;
  private final Timer wait;
  private final Timer firstToken;
  private final Timer token;
  private final Timer request;
  private final Timer vision;
  private final Counter prompt;
  private final Counter cached;
  private final Counter image;
  private final Counter completion;
  private final Counter accepted;
  private final Counter rejected;
  private final Counter encodedImages;
  private final Counter cachedImages;
  private final Counter preemptions;

  /** Metrics without tags of their own. */
  public MicrometerMetrics(MeterRegistry registry) {
    this(registry, Tags.empty());
  }

  /**
   * Metrics with tags.
   *
   * @param tags of every meter, such as the model's name; engines that share a registry need
   *     different ones
   */
  public MicrometerMetrics(MeterRegistry registry, Tags tags) {
    this.registry = registry;
    this.tags = tags;
    endings =
        Stream.concat(
                Stream.of(FinishReason.values()).map(r -> r.name().toLowerCase(Locale.ROOT)),
                Stream.of(ERROR))
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    reason ->
                        counter("vesalius.requests", "Requests that ended", "reason", reason)));
    steps =
        Stream.of("prefill", "decode", "mixed")
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    kind -> timer("vesalius.step", "Steps of the decoder", "kind", kind)));
    load = timer("vesalius.load", "Opening the model");
    wait = timer("vesalius.request.wait", "In the queue, until a request runs");
    firstToken = timer("vesalius.request.first.token", "From the call to the first token");
    token = timer("vesalius.token", "From one token of a request to its next");
    request = timer("vesalius.request", "From the call to the end");
    vision = timer("vesalius.vision", "Encoding a picture");
    prompt = counter("vesalius.tokens", "Tokens in and out", "kind", "prompt");
    cached = counter("vesalius.tokens", "Tokens in and out", "kind", "cached");
    image = counter("vesalius.tokens", "Tokens in and out", "kind", "image");
    completion = counter("vesalius.tokens", "Tokens in and out", "kind", "completion");
    accepted = counter("vesalius.tokens.guessed", "Guessed tokens", "result", "accepted");
    rejected = counter("vesalius.tokens.guessed", "Guessed tokens", "result", "rejected");
    encodedImages = counter("vesalius.images", "Pictures", "cached", "false");
    cachedImages = counter("vesalius.images", "Pictures", "cached", "true");
    preemptions = counter("vesalius.preemptions", "Requests that had to wait again");
    gauge("vesalius.queue.length", "Requests that wait", waiting);
    gauge("vesalius.requests.running", "Requests that run", running);
    gauge("vesalius.cache.pages", "Pages of the cache", usedPages, "state", "used");
    gauge("vesalius.cache.pages", "Pages of the cache", sharedPages, "state", "shared");
    gauge("vesalius.cache.pages", "Pages of the cache", idlePages, "state", "idle");
    gauge("vesalius.cache.pages", "Pages of the cache", totalPages, "state", "total");
  }

  private Counter counter(String name, String description, String... more) {
    return kept(
        Counter.builder(name).description(description).tags(tags.and(more)).register(registry));
  }

  private Timer timer(String name, String description, String... more) {
    return kept(
        Timer.builder(name).description(description).tags(tags.and(more)).register(registry));
  }

  private void gauge(String name, String description, AtomicInteger value, String... more) {
    kept(
        Gauge.builder(name, value, AtomicInteger::get)
            .description(description)
            .tags(tags.and(more))
            .register(registry));
  }

  private <M extends Meter> M kept(M meter) {
    meters.add(meter);
    return meter;
  }

  private static void record(Timer timer, long nanos) {
    timer.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void loadEnds(ModelLoad opened, long nanos) {
    if (opened.error().isEmpty()) {
      record(load, nanos);
    }
  }

  @Override
  public void population(int waitingRequests, int runningRequests) {
    waiting.set(waitingRequests);
    running.set(runningRequests);
  }

  @Override
  public void started(
      ObservedRequest started, int promptTokens, int cachedTokens, long queueNanos) {
    record(wait, queueNanos);
    prompt.increment(promptTokens);
    cached.increment(cachedTokens);
  }

  @Override
  public void preempted(ObservedRequest preempted) {
    preemptions.increment();
  }

  @Override
  public void visionEnds(ObservedRequest of, VisionWork work, long nanos) {
    if (work.cached()) {
      cachedImages.increment();
    } else {
      encodedImages.increment();
      record(vision, nanos);
    }
  }

  @Override
  public void stepEnds(EngineStep step, long nanos) {
    String kind = step.chunks().isEmpty() ? "decode" : step.decodeRows() == 0 ? "prefill" : "mixed";
    Timer timer = steps.get(kind);
    if (timer != null) {
      record(timer, nanos);
    }
  }

  @Override
  public void firstToken(ObservedRequest of, long nanos) {
    record(firstToken, nanos);
  }

  @Override
  public void tokens(ObservedRequest of, int count, long nanos) {
    for (int i = 0; i < count; i++) {
      record(token, nanos / count);
    }
  }

  @Override
  public void cache(CacheUse use) {
    usedPages.set(use.used());
    sharedPages.set(use.shared());
    idlePages.set(use.idle());
    totalPages.set(use.total());
  }

  @Override
  public void finished(ObservedRequest of, RequestOutcome outcome) {
    Counter ending = endings.get(outcome.ending());
    if (ending != null) {
      ending.increment();
    }
    record(request, outcome.totalNanos());
    image.increment(outcome.usage().imageTokens());
    completion.increment(outcome.usage().completionTokens());
    accepted.increment(outcome.usage().drafts().accepted());
    rejected.increment(outcome.usage().drafts().proposed() - outcome.usage().drafts().accepted());
  }

  /** Takes the meters out of the registry. Idempotent. */
  @Override
  public void close() {
    meters.forEach(registry::remove);
  }
}
