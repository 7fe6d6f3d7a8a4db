package org.vesalius.test;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.vesalius.runtime.observe.CacheUse;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.EngineStep;
import org.vesalius.runtime.observe.ModelLoad;
import org.vesalius.runtime.observe.ObservedRequest;
import org.vesalius.runtime.observe.RequestOutcome;
import org.vesalius.runtime.observe.VisionWork;

/** Keeps what an engine tells, in order. */
final class ObservedCalls implements EngineObserver {

  /** What an observer is told. */
  sealed interface Call {}

  /** Of a model that is opened. */
  record LoadBegins(String directory) implements Call {}

  record LoadEnds(ModelLoad load, long nanos) implements Call {}

  record Population(int waiting, int running) implements Call {}

  record StepBegins(EngineStep step) implements Call {}

  record StepEnds(EngineStep step, long nanos) implements Call {}

  record Cache(CacheUse use) implements Call {}

  /** Of one request. */
  sealed interface OfRequest extends Call {
    ObservedRequest request();
  }

  record Queued(ObservedRequest request) implements OfRequest {}

  record Started(ObservedRequest request, int promptTokens, int cachedTokens, long nanos)
      implements OfRequest {}

  record Preempted(ObservedRequest request) implements OfRequest {}

  record Resumed(ObservedRequest request, int cachedTokens) implements OfRequest {}

  record VisionBegins(ObservedRequest request, int image) implements OfRequest {}

  record VisionEnds(ObservedRequest request, VisionWork work, long nanos) implements OfRequest {}

  record FirstToken(ObservedRequest request, long nanos) implements OfRequest {}

  record Tokens(ObservedRequest request, int count, long nanos) implements OfRequest {}

  record Finished(ObservedRequest request, RequestOutcome outcome) implements OfRequest {}

  private final List<Call> calls = new ArrayList<>();

  private synchronized void add(Call call) {
    calls.add(call);
    notifyAll();
  }

  /** All so far. */
  synchronized List<Call> all() {
    return List.copyOf(calls);
  }

  /** Those of a kind. */
  <C extends Call> List<C> of(Class<C> kind) {
    return all().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Those of a request. */
  List<OfRequest> of(String id) {
    return of(OfRequest.class).stream().filter(call -> call.request().id().equals(id)).toList();
  }

  /** Those of a request and a kind. */
  <C extends OfRequest> List<C> of(String id, Class<C> kind) {
    return of(id).stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** How a request ended. */
  RequestOutcome outcome(String id) {
    List<Finished> ends = of(id, Finished.class);
    if (ends.size() != 1) {
      throw new AssertionError("request " + id + ": expected one end, found " + ends);
    }
    return ends.getFirst().outcome();
  }

  /** The ids of all requests that were accepted. */
  Stream<String> ids() {
    return of(Queued.class).stream().map(call -> call.request().id());
  }

  /** Waits for a call. */
  synchronized void await(Predicate<Call> wanted) throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (calls.stream().noneMatch(wanted)) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("nothing happened for a minute: " + calls);
      }
      wait(left);
    }
  }

  @Override
  public void loadBegins(String directory) {
    add(new LoadBegins(directory));
  }

  @Override
  public void loadEnds(ModelLoad load, long nanos) {
    add(new LoadEnds(load, nanos));
  }

  @Override
  public void queued(ObservedRequest request) {
    add(new Queued(request));
  }

  @Override
  public void population(int waiting, int running) {
    add(new Population(waiting, running));
  }

  @Override
  public void started(
      ObservedRequest request, int promptTokens, int cachedTokens, long queueNanos) {
    add(new Started(request, promptTokens, cachedTokens, queueNanos));
  }

  @Override
  public void preempted(ObservedRequest request) {
    add(new Preempted(request));
  }

  @Override
  public void resumed(ObservedRequest request, int cachedTokens) {
    add(new Resumed(request, cachedTokens));
  }

  @Override
  public void visionBegins(ObservedRequest request, int image) {
    add(new VisionBegins(request, image));
  }

  @Override
  public void visionEnds(ObservedRequest request, VisionWork work, long nanos) {
    add(new VisionEnds(request, work, nanos));
  }

  @Override
  public void stepBegins(EngineStep step) {
    add(new StepBegins(step));
  }

  @Override
  public void stepEnds(EngineStep step, long nanos) {
    add(new StepEnds(step, nanos));
  }

  @Override
  public void firstToken(ObservedRequest request, long nanos) {
    add(new FirstToken(request, nanos));
  }

  @Override
  public void tokens(ObservedRequest request, int count, long nanos) {
    add(new Tokens(request, count, nanos));
  }

  @Override
  public void cache(CacheUse use) {
    add(new Cache(use));
  }

  @Override
  public void finished(ObservedRequest request, RequestOutcome outcome) {
    add(new Finished(request, outcome));
  }
}
