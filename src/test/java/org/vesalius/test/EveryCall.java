package org.vesalius.test;

import java.util.function.Consumer;
import org.vesalius.runtime.observe.CacheUse;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.EngineStep;
import org.vesalius.runtime.observe.ObservedRequest;
import org.vesalius.runtime.observe.RequestOutcome;
import org.vesalius.runtime.observe.VisionWork;

/** Does the same at every call of requests and steps, which it is given the name of. */
record EveryCall(Consumer<String> work) implements EngineObserver {
  @Override
  public boolean followsSteps() {
    work.accept("followsSteps");
    return true;
  }

  @Override
  public void queued(ObservedRequest request) {
    work.accept("queued");
  }

  @Override
  public void population(int waiting, int running) {
    work.accept("population");
  }

  @Override
  public void started(
      ObservedRequest request, int promptTokens, int cachedTokens, long queueNanos) {
    work.accept("started");
  }

  @Override
  public void visionBegins(ObservedRequest request, int image) {
    work.accept("visionBegins");
  }

  @Override
  public void visionEnds(ObservedRequest request, VisionWork done, long nanos) {
    work.accept("visionEnds");
  }

  @Override
  public void stepBegins(EngineStep step) {
    work.accept("stepBegins");
  }

  @Override
  public void stepEnds(EngineStep step, long nanos) {
    work.accept("stepEnds");
  }

  @Override
  public void firstToken(ObservedRequest request, long nanos) {
    work.accept("firstToken");
  }

  @Override
  public void tokens(ObservedRequest request, int count, long nanos) {
    work.accept("tokens");
  }

  @Override
  public void cache(CacheUse use) {
    work.accept("cache");
  }

  @Override
  public void finished(ObservedRequest request, RequestOutcome outcome) {
    work.accept("finished");
  }
}
