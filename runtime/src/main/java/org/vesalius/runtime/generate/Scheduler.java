package org.vesalius.runtime.generate;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Threads;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.QueueFullException;
import org.vesalius.runtime.layers.CacheFullException;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.observe.EngineStep;

/**
 * Continuous batching (Yu et al. 2022): a thread that puts the tokens of all running requests into
 * common steps. Requests join and leave between steps. One that finds no pages in the cache waits;
 * where running ones run out of them, the last in line gives up its pages and begins anew later,
 * with what it has written so far. What a request answers does not depend on any of that.
 */
final class Scheduler implements AutoCloseable {
  /** How often requests that wait are looked at while no step can run. */
  private static final long LOOK_NANOS = 20_000_000;

  private final Engine engine;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final Condition quiet = lock.newCondition();
  private final Deque<RequestRun> arrivals = new ArrayDeque<>();
  private final LongAdder preemptions = new LongAdder();
  private final EngineEvents events;

  /** Requests that were accepted and have not ended; and those of them that run. */
  private int live;

  private int running;
  private long arrivalCount;
  private boolean changed;
  private boolean draining;
  private boolean closing;
  private @Nullable Thread thread;

  // Of the thread only.
  private final TreeSet<RequestRun> waiting = new TreeSet<>(StepPlan.IN_LINE);
  private final List<RequestRun> active = new ArrayList<>();
  private int turns;
  private boolean lastWasQuick;

  Scheduler(Engine engine) {
    this.engine = engine;
    events = new EngineEvents(engine.options().observer(), engine.cache());
  }

  /**
   * Takes a request.
   *
   * @throws QueueFullException if too many wait already
   * @throws CacheFullException if the prompt alone is more than the cache may hold
   * @throws IllegalStateException if the model is being closed
   */
  void submit(RequestRun run) {
    engine.requireNotObserving();
    engine.cache().requireCapacity(run.remaining() + 1);
    accept(run);
    try {
      events.queued(run);
      events.population(this::population);
    } finally {
      enlist(run);
    }
  }

  /** Keeps a place. The thread does not end while there is somebody who may come. */
  private void accept(RequestRun run) {
    lock.lock();
    try {
      if (closing || draining) {
        throw closed();
      }
      long most = (long) engine.options().requests() + engine.options().queue();
      if (live >= most) {
        throw new QueueFullException(engine.options().requests(), engine.options().queue());
      }
      if (thread == null) {
        thread = Thread.ofPlatform().daemon().name("vesalius-scheduler").start(this::loop);
      }
      live++;
      run.accept(arrivalCount++);
    } finally {
      lock.unlock();
    }
  }

  private void enlist(RequestRun run) {
    lock.lock();
    try {
      arrivals.add(run);
      tell();
    } finally {
      lock.unlock();
    }
  }

  /** Says that something has changed about a request. */
  void wake() {
    lock.lock();
    try {
      tell();
    } finally {
      lock.unlock();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("the model is closed");
  }

  private void loop() {
    while (true) {
      lock.lock();
      try {
        waiting.addAll(arrivals);
        arrivals.clear();
        if (isOver()) {
          return;
        }
      } finally {
        lock.unlock();
      }
      try {
        endThoseThatAreOver();
        admit();
        if (!step()) {
          await();
        }
      } catch (RuntimeException | Error e) {
        failAll(e);
      }
    }
  }

  /** Where it is no request's fault, such as too little memory: else they would wait for ever. */
  private void failAll(Throwable cause) {
    for (RequestRun run : all()) {
      if (run.phase() != RequestRun.Phase.ENCODING || engine.imageEncoding().withdraw(run)) {
        fail(run, cause);
      }
    }
  }

  /** Until there is news, or for a moment where requests wait that nobody may wake up for. */
  private void await() {
    boolean idle = waiting.isEmpty() && active.isEmpty();
    long nanos = LOOK_NANOS;
    lock.lock();
    try {
      // Those that were there when closing began may have ended since, and nobody tells of that.
      while (!changed && nanos > 0 && !isOver()) {
        if (idle) {
          news.await();
        } else {
          nanos = news.awaitNanos(nanos);
        }
      }
      changed = false;
    } catch (InterruptedException _) {
      // Nobody else knows this thread; it ends by closing.
    } finally {
      lock.unlock();
    }
  }

  /** Whether there is nobody any more, and nobody will come. Under the lock. */
  private boolean isOver() {
    return closing && live == 0;
  }

  /** Under the lock. */
  private void tell() {
    changed = true;
    news.signal();
  }

  private boolean isClosing() {
    lock.lock();
    try {
      return closing;
    } finally {
      lock.unlock();
    }
  }

  /** Those that wait and those that run; a copy, since some may end meanwhile. */
  private List<RequestRun> all() {
    List<RequestRun> runs = new ArrayList<>(waiting);
    runs.addAll(active);
    return runs;
  }

  private void endThoseThatAreOver() {
    boolean everyOne = isClosing();
    for (RequestRun run : all()) {
      FinishReason reason = run.over();
      boolean over = everyOne || reason != null;
      if (run.phase() == RequestRun.Phase.ENCODING
          && !(over && engine.imageEncoding().withdraw(run))) {
        if (everyOne) {
          run.abandon(); // the vision tower has it in hand and lets it go first
        }
      } else if (run.failure() != null) {
        fail(run, run.failure());
      } else if (everyOne) {
        fail(run, closed());
      } else if (reason != null) {
        end(run, new RequestRun.Message.Ended(reason));
      }
    }
  }

  private void end(RequestRun run, RequestRun.Message.Last last) {
    waiting.remove(run);
    active.remove(run);
    run.times.end();
    run.release();
    events.cache();
    events.finished(run, last);
    lock.lock();
    try {
      live--;
      running = active.size();
      if (live == 0) {
        quiet.signalAll();
      }
    } finally {
      lock.unlock();
    }
    events.population(this::population);
    run.end(last); // last, so that who is told finds its place free
  }

  private void populationChanged() {
    lock.lock();
    try {
      running = active.size();
    } finally {
      lock.unlock();
    }
    events.population(this::population);
  }

  private EngineEvents.Population population() {
    lock.lock();
    try {
      return new EngineEvents.Population(live - running, running);
    } finally {
      lock.unlock();
    }
  }

  private void fail(RequestRun run, Throwable cause) {
    end(run, new RequestRun.Message.Failed(cause));
  }

  /** Lets requests begin, first in line first, while there are places and pages. */
  private void admit() {
    while (!waiting.isEmpty()) {
      RequestRun run = waiting.first();
      if (active.size() >= engine.options().requests() && !makePlace(run)) {
        return;
      }
      run.adoptPrefix();
      long needed = run.sequence().pagesFor(run.remaining() + 1);
      // Those that run already need a page from time to time.
      if (!active.isEmpty() && needed + active.size() > engine.cache().availablePages()) {
        run.releasePages();
        if (!makePlace(run)) {
          return;
        }
        continue;
      }
      waiting.remove(run);
      active.add(run);
      events.began(run, run.begin());
      populationChanged();
      run.start(engine.imageEncoding());
    }
  }

  /** Takes the place of a request of lower priority, if there is one. */
  private boolean makePlace(RequestRun run) {
    List<RequestRun> ready = ready();
    if (ready.isEmpty() || lastInLine(ready).priority() >= run.priority()) {
      return false;
    }
    preempt(lastInLine(ready));
    return true;
  }

  /** Those that can take part in a step. */
  private List<RequestRun> ready() {
    return active.stream().filter(RequestRun::isReady).toList();
  }

  /** Requests that run or wait. */
  int live() {
    lock.lock();
    try {
      return live;
    } finally {
      lock.unlock();
    }
  }

  /** How often a request had to give up its pages. */
  long preemptions() {
    return preemptions.sum();
  }

  private void preempt(RequestRun run) {
    preemptions.increment();
    run.preempt();
    active.remove(run);
    waiting.add(run);
    events.preempted(run);
    populationChanged();
  }

  /** Runs a step; false if there is nothing to compute. */
  private boolean step() {
    List<RequestRun> ready = ready();
    if (ready.isEmpty()) {
      return false;
    }
    List<RequestRun> chosen = choose(ready);
    StepPlan plan =
        StepPlan.of(chosen, engine.chunk(), Engine.MORE_ROWS, engine.cuts(), !lastWasQuick);
    if (plan.pages() > engine.cache().availablePages()) {
      plan = plan.withoutGuesses(); // they are no need
    }
    if (plan.pages() > engine.cache().availablePages()) {
      if (ready.size() > 1) {
        preempt(lastInLine(ready));
        return step(); // now: it may find room again before others have taken theirs, for ever
      }
      if (active.size() > 1) {
        return false; // others hold pages, and can give them up when they have their pictures
      }
    }
    lastWasQuick = plan.quick();
    run(plan, ready);
    return true;
  }

  private static RequestRun lastInLine(List<RequestRun> runs) {
    return runs.stream().max(StepPlan.IN_LINE).orElseThrow();
  }

  /** All, or one where it has to be alone; then they take turns. */
  private List<RequestRun> choose(List<RequestRun> ready) {
    List<RequestRun> alone =
        ready.stream()
            .filter(run -> engine.oneSequenceAtATime() || run.observer != LayerObserver.NONE)
            .sorted(Comparator.comparingLong(run -> run.arrival))
            .toList();
    if (alone.isEmpty()) {
      return ready;
    }
    List<RequestRun> together = ready.stream().filter(run -> !alone.contains(run)).toList();
    int turn = Math.floorMod(turns++, alone.size() + (together.isEmpty() ? 0 : 1));
    return turn < alone.size() ? List.of(alone.get(turn)) : together;
  }

  private void run(StepPlan plan, List<RequestRun> ready) {
    List<StepRunner.Part> parts = new ArrayList<>();
    try {
      for (StepPlan.Share share : plan.shares()) {
        parts.add(part(share));
      }
      compute(plan, parts);
    } catch (Engine.GrowthException e) {
      if (ready.size() > 1 && e.reason() instanceof CacheFullException) {
        preempt(lastInLine(ready));
      } else {
        fail(lastInLine(ready), e.reason());
      }
      return;
    } catch (RuntimeException | Error e) {
      plan.shares().forEach(share -> fail(share.run(), e));
      return;
    }
    for (StepPlan.Share share : plan.shares()) {
      advance(share);
    }
    events.cache();
  }

  private void compute(StepPlan plan, List<StepRunner.Part> parts) {
    EngineStep step = events.stepBegins(plan);
    long begin = step == null ? 0 : System.nanoTime();
    try {
      engine.run(parts, plan.shares().getFirst().run().observer);
    } finally {
      if (step != null) {
        events.stepEnds(step, System.nanoTime() - begin);
      }
    }
  }

  private StepRunner.Part part(StepPlan.Share share) {
    RequestRun run = share.run();
    boolean last = share.to() == run.tokens.length();
    return engine.part(
        run.tokens,
        run.sequence(),
        run.fed(),
        share.to(),
        share.guesses(),
        run.embeddings(),
        run.outcome.result(last));
  }

  private void advance(StepPlan.Share share) {
    RequestRun run = share.run();
    int before = run.outcome.ids().size();
    FinishReason reason = null;
    Throwable problem = null;
    try {
      reason = run.advance(share.to(), share.guesses());
    } catch (RuntimeException | Error e) {
      problem = e;
    }
    events.tokens(run, before);
    if (problem != null) {
      fail(run, problem);
    } else if (reason != null) {
      end(run, new RequestRun.Message.Ended(reason));
    }
  }

  /**
   * Takes no more requests and waits until those that are there have ended.
   *
   * @return whether they have, within the time
   */
  boolean drain(Duration atMost) throws InterruptedException {
    long nanos = TimeUnit.NANOSECONDS.convert(atMost);
    lock.lock();
    try {
      draining = true;
      while (live > 0 && nanos > 0) {
        nanos = quiet.awaitNanos(nanos);
      }
      return live == 0;
    } finally {
      lock.unlock();
    }
  }

  /** Ends all requests and the thread; waits for the running step. Idempotent. */
  @Override
  public void close() {
    Thread last;
    lock.lock();
    try {
      closing = true;
      tell();
      last = thread;
    } finally {
      lock.unlock();
    }
    if (last == null || last == Thread.currentThread()) {
      return;
    }
    Threads.join(last);
  }
}
