package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.observe.CacheUse;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.EngineStep;
import org.vesalius.runtime.observe.ObservedRequest;
import org.vesalius.runtime.observe.PromptChunk;
import org.vesalius.runtime.observe.RequestOutcome;

/**
 * What a scheduler tells the observer, always without its lock. What nobody follows is not put
 * together. All but {@link #queued} and {@link #population} on the scheduler's thread.
 */
final class EngineEvents {

  /** How many requests wait and run. */
  record Population(int waiting, int running) {}

  /** Knows the population of the moment. */
  interface Census {
    Population count();
  }

  private final EngineObserver observer;
  private final KvCache cache;

  /** How many have wanted the population to be told since it was last told; one of them tells. */
  private final AtomicInteger wanted = new AtomicInteger();

  private Population population = new Population(0, 0);
  private CacheUse use = new CacheUse(0, 0, 0, 0);

  EngineEvents(EngineObserver observer, KvCache cache) {
    this.observer = observer;
    this.cache = cache;
  }

  void queued(RequestRun run) {
    observer.queued(run.observed());
  }

  /**
   * Tells the population if it is another than before. Where several threads want that at a time,
   * one of them does it, as often as needed, so that nothing outdated comes after what is true now.
   */
  void population(Census census) {
    if (wanted.getAndIncrement() > 0) {
      return;
    }
    int seen;
    do {
      seen = wanted.get();
      Population now = census.count();
      if (!now.equals(population)) {
        population = now;
        observer.population(now.waiting(), now.running());
      }
    } while (!wanted.compareAndSet(seen, 0));
  }

  /** It has a place and what there is of its prompt. */
  void began(RequestRun run, boolean first) {
    if (first) {
      observer.started(
          run.observed(), run.tokens.promptLength(), run.reused(), run.times.queueNanos());
    } else {
      observer.resumed(run.observed(), run.fed());
    }
  }

  void preempted(RequestRun run) {
    observer.preempted(run.observed());
  }

  /** A step that begins, or null if nobody follows it. */
  @Nullable EngineStep stepBegins(StepPlan plan) {
    if (!observer.followsSteps()) {
      return null;
    }
    List<PromptChunk> chunks = new ArrayList<>();
    List<ObservedRequest> decoding = new ArrayList<>();
    int rows = 0;
    for (StepPlan.Share share : plan.shares()) {
      RequestRun run = share.run();
      if (run.decodes()) {
        decoding.add(run.observed());
        rows += share.count();
      } else {
        chunks.add(new PromptChunk(run.observed(), run.fed(), share.to(), run.tokens.length()));
      }
    }
    EngineStep step = new EngineStep(List.copyOf(chunks), List.copyOf(decoding), rows);
    observer.stepBegins(step);
    return step;
  }

  void stepEnds(EngineStep step, long nanos) {
    observer.stepEnds(step, nanos);
  }

  /** Tells which tokens a request has more than {@code before}. */
  void tokens(RequestRun run, int before) {
    int count = run.outcome.ids().size() - before;
    if (count == 0) {
      return;
    }
    long nanos = run.times.tokens();
    if (before == 0) {
      observer.firstToken(run.observed(), run.times.sinceCall(run.outcome.firstTokenNanos()));
      if (count == 1) {
        return;
      }
    }
    if (observer.followsSteps()) {
      observer.tokens(run.observed(), before == 0 ? count - 1 : count, before == 0 ? 0 : nanos);
    }
  }

  /** Tells what pages are used for, if that is another than before. */
  void cache() {
    if (!observer.followsSteps()) {
      return;
    }
    int used = cache.usedPages();
    int shared = cache.sharedPages();
    int idle = cache.retainedPages();
    if (used != use.used() || shared != use.shared() || idle != use.idle()) {
      use = new CacheUse(used, shared, idle, (int) Math.min(cache.maxPages(), Integer.MAX_VALUE));
      observer.cache(use);
    }
  }

  /** The last of a request. */
  void finished(RequestRun run, RequestRun.Message.Last last) {
    observer.finished(
        run.observed(),
        new RequestOutcome(
            last instanceof RequestRun.Message.Ended(var reason)
                ? Optional.of(reason)
                : Optional.empty(),
            last instanceof RequestRun.Message.Failed(var cause)
                ? Optional.of(cause.getClass().getName())
                : Optional.empty(),
            run.usage(),
            run.timings(),
            run.times.totalNanos()));
  }
}
